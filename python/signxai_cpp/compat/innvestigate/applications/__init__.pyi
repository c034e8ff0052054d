# Written by tools/make_compat_stubs.py; not to be edited.
from . import imagenet as imagenet
from . import mnist as mnist
