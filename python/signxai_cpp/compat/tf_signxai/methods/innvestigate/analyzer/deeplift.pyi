# Written by tools/make_compat_stubs.py; not to be edited.
from signxai_cpp.compat._analyzers import DeepLIFT as DeepLIFT
from signxai_cpp.compat._analyzers import DeepLIFTWrapper as DeepLIFTWrapper
