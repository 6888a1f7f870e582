# Tasks of development. `make help` lists them.

SWIFT ?= swift
PYTHON ?= python3
PREFIX ?= /usr/local
VENV := .build-venv
# What `make deb` packs.
PORTALD_BINARY ?= .build/release/portald

PACKAGES := libcurl4-openssl-dev libsqlite3-dev libssl-dev pkg-config
DEB_PACKAGES := build-essential debhelper dpkg-dev fakeroot lintian
PACKAGE_TEST_PACKAGES := iproute2 mmdebstrap systemd-container util-linux
TEST_PACKAGES := chromium chromium-driver curl node-typescript openssh-server openssl prometheus python3-venv sqlite3

# As root there may be no sudo, and none is needed.
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
# A terminal shows progress in one line; a log would get hundreds.
BUILD_OPTIONS := $(if $(CI),--quiet)

.SILENT:
.PHONY: help run test lint build install deb test-package docs clean deps test-deps swift

help:
	echo "make run      build, and run the demo: a fake Stripe, the daemon and a page, all on this machine"
	echo "make test     build, and run all tests"
	echo "make lint     check the formatting and that every test program can be read"
	echo "make build    make the release binary; it runs without a Swift toolchain"
	echo "make install  copy the release binary to $(DESTDIR)$(PREFIX)/bin (PREFIX, DESTDIR)"
	echo "make deb      make a Debian package of the release binary in .build/deb, or of PORTALD_BINARY"
	echo "make test-package  install, run, upgrade, remove and purge that package in a container of its own (as root)"
	echo "make docs     make web pages of the guide in .build/docs"
	echo "make clean    remove everything that was built"

run: deps
	$(SWIFT) build $(BUILD_OPTIONS) --product portald
	exec .build/debug/portald demo

test: deps test-deps
	$(SWIFT) build $(BUILD_OPTIONS) --build-tests
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(SWIFT) test --skip-build
	PORTALD_BINARY=.build/debug/portald $(VENV)/bin/pytest Tests/EndToEnd

lint: swift
	$(call install_missing,python3)
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests
	find Tests -name '*.py' -exec $(PYTHON) -c 'import sys; [compile(open(p).read(), p, "exec") for p in sys.argv[1:]]' {} +

build: deps
	$(SWIFT) build $(BUILD_OPTIONS) --configuration release --static-swift-stdlib --product portald
	if ldd .build/release/portald | grep -E 'libswift|libFoundation|libdispatch'; then \
		echo "the binary needs the Swift libraries above" >&2; exit 1; \
	fi
	ldd .build/release/portald
	echo "$(CURDIR)/.build/release/portald needs these libraries, and none of Swift's"

install:
	test -x .build/release/portald || { echo "run 'make build' first" >&2; exit 1; }
	install -D -m 755 .build/release/portald "$(DESTDIR)$(PREFIX)/bin/portald"

# Debian's tools work in a copy, because they write beside their sources. There is one version: the program's. Whoever
# publishes the package sets DEBFULLNAME and DEBEMAIL, Debian's own variables: without them no mailbox is named.
deb: $(if $(filter .build/release/portald,$(PORTALD_BINARY)),build)
	$(call install_missing,$(DEB_PACKAGES))
	rm -rf .build/deb
	mkdir -p .build/deb/portald
	cp -r CHANGELOG.md README.md debian examples systemd .build/deb/portald
	cp "$(PORTALD_BINARY)" .build/deb/portald/portald
	if [ -n "$$DEBEMAIL" ]; then \
		sed -i "s/^Maintainer: .*/Maintainer: $${DEBFULLNAME:-portald} <$$DEBEMAIL>/" .build/deb/portald/debian/control; \
	fi
	version=$$(sed -n 's/.*current = "\(.*\)".*/\1/p' Sources/portald/Version.swift); \
	printf 'portald (%s-1) bookworm; urgency=medium\n\n  * /usr/share/doc/portald/CHANGELOG.md.gz tells what changed.\n\n%s\n' \
		"$$version" " -- $$(sed -n 's/^Maintainer: //p' .build/deb/portald/debian/control)  $$(git log -1 --format=%cD)" \
		>.build/deb/portald/debian/changelog
	cd .build/deb/portald && DEB_BUILD_OPTIONS=noautodbgsym dpkg-buildpackage --build=binary --no-sign
	lintian --fail-on error,warning .build/deb/*.changes

test-package: export DPKG_DEB_COMPRESSOR_LEVEL = 1
test-package: deb test-deps
	$(call install_missing,$(PACKAGE_TEST_PACKAGES))
	$(VENV)/bin/pytest Tests/Package

docs: swift
	docc convert Sources/portald/portald.docc --fallback-display-name portald --fallback-bundle-identifier portald \
		--output-path .build/docs --warnings-as-errors

clean:
	rm -rf .build $(VENV)

deps: swift
	$(call install_missing,$(PACKAGES))

test-deps: $(VENV)/ready

$(VENV)/ready: Tests/EndToEnd/requirements.txt Tests/EndToEnd/requirements-files.txt
	$(call install_missing,$(TEST_PACKAGES))
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement $(word 2,$^)
	touch $@

swift:
	version=$$($(SWIFT) --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p'); \
	if [ "$$(printf '6.2\n%s\n' "$$version" | sort -V | head -n 1)" != 6.2 ]; then \
		echo "portald needs Swift 6.2 or later, '$(SWIFT)' is $${version:-missing}: https://www.swift.org/install/linux/" >&2; \
		exit 1; \
	fi

# Installs those of the given Debian packages that are missing.
define install_missing
	missing=$$(for package in $(1); do \
		dpkg-query --show --showformat='$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || echo $$package; \
	done); \
	if [ -n "$$missing" ]; then \
		command -v apt-get >/dev/null || { echo "install what Debian calls" $$missing >&2; exit 1; }; \
		echo "installing" $$missing; \
		$(SUDO) apt-get update --quiet=2; \
		$(SUDO) env DEBIAN_FRONTEND=noninteractive \
			apt-get install --quiet=2 --yes --no-install-recommends $$missing >/dev/null; \
	fi
endef
