"""Loads the executable reference, which lives outside of the checkout."""
import importlib.util
import sys


def load(path):
    spec = importlib.util.spec_from_file_location("reference_model", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
