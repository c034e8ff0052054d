# Written by tools/make_compat_stubs.py; not to be edited.
from signxai_cpp.compat._images import BatchSequence as BatchSequence
from signxai_cpp.compat._images import TargetAugmentedSequence as TargetAugmentedSequence
