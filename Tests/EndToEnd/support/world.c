// Preloaded into the program under test: shifts its wall clock, and has writes to its files fail as on a file system
// that became read-only while they were open, which the kernel lets root do only to a device.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

// As world.py packs it.
struct world {
    int64_t seconds;
    int64_t is_read_only;
};
static const struct world ordinary;
static volatile const struct world *world = &ordinary;

__attribute__((constructor)) static void open_world(void) {
    const char *path = getenv("TEST_WORLD");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *pages = mmap(NULL, sizeof(struct world), PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (pages != MAP_FAILED) world = pages;
}

#define NEXT(name) static __typeof__(&name) next; if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

int clock_gettime(clockid_t clock, struct timespec *now) {
    NEXT(clock_gettime);
    int result = next(clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += world->seconds;
    return result;
}

int gettimeofday(struct timeval *now, void *zone) {
    NEXT(gettimeofday);
    int result = next(now, zone);
    if (result == 0) now->tv_sec += world->seconds;
    return result;
}

time_t time(time_t *into) {
    NEXT(time);
    time_t now = next(NULL) + world->seconds;
    if (into) *into = now;
    return now;
}

static int is_refused(int descriptor) {
    struct stat about;
    if (!world->is_read_only || fstat(descriptor, &about) != 0 || !S_ISREG(about.st_mode)) return 0;
    errno = EROFS;
    return 1;
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    NEXT(write);
    return is_refused(descriptor) ? -1 : next(descriptor, bytes, count);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
    NEXT(pwrite64);
    return is_refused(descriptor) ? -1 : next(descriptor, bytes, count, offset);
}

int ftruncate64(int descriptor, off64_t length) {
    NEXT(ftruncate64);
    return is_refused(descriptor) ? -1 : next(descriptor, length);
}
