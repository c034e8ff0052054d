// The table of standard types, and names for all others.
#include "importers/hdf5/scan_type.h"

#include <utility>

namespace signxai::hdf5 {
namespace {

// libhdf5 has no name for IEEE half precision before 1.14.
Handle half_type(hid_t order) {
  Handle half(H5Tcopy(order), H5Tclose);
  H5Tset_fields(half.get(), 15, 10, 5, 0, 10);
  H5Tset_size(half.get(), 2);
  H5Tset_ebias(half.get(), 15);
  return half;
}

// float32 without its lower half.
Handle brain_type(hid_t order) {
  Handle brain(H5Tcopy(order), H5Tclose);
  H5Tset_fields(brain.get(), 15, 7, 8, 0, 7);
  H5Tset_size(brain.get(), 2);
  return brain;
}

// NumPy has no bfloat16 of its own, so Keras's arrays of it arrive at the file as two bytes without a meaning. Nothing
// else in a Keras file does.
bool is_nameless_brain(hid_t type) { return H5Tget_class(type) == H5T_OPAQUE && H5Tget_size(type) == 2; }

std::string name_of_other(hid_t type) {
  switch (H5Tget_class(type)) {
    case H5T_STRING: return H5Tis_variable_str(type) > 0 ? "variable-length string" : "fixed-length string";
    case H5T_REFERENCE: return "object or region reference";
    case H5T_COMPOUND: return "compound (record)";
    case H5T_ENUM: return "enumeration";
    case H5T_OPAQUE: return "opaque";
    case H5T_VLEN: return "variable-length list";
    case H5T_ARRAY: return "array";
    case H5T_BITFIELD: return "bit field";
    case H5T_TIME: return "time";
    case H5T_FLOAT: return "float of " + std::to_string(H5Tget_size(type)) + " bytes, not IEEE 16, 32 or 64 bits";
    case H5T_INTEGER: return "integer of " + std::to_string(H5Tget_size(type)) + " bytes, not plain 8 to 64 bits";
    default: return "unknown";
  }
}

}  // namespace

StoredType recognise_type(hid_t type) {
  const Handle half_little = half_type(H5T_IEEE_F32LE);
  const Handle half_big = half_type(H5T_IEEE_F32BE);
  const Handle brain_little = brain_type(H5T_IEEE_F32LE);
  const Handle brain_big = brain_type(H5T_IEEE_F32BE);
  const struct {
    ElementType element;
    hid_t little, big;
  } standard[] = {
      {ElementType::kFloat32, H5T_IEEE_F32LE, H5T_IEEE_F32BE},
      {ElementType::kFloat64, H5T_IEEE_F64LE, H5T_IEEE_F64BE},
      {ElementType::kFloat16, half_little.get(), half_big.get()},
      {ElementType::kBFloat16, brain_little.get(), brain_big.get()},
      {ElementType::kInt64, H5T_STD_I64LE, H5T_STD_I64BE},
      {ElementType::kInt32, H5T_STD_I32LE, H5T_STD_I32BE},
      {ElementType::kInt16, H5T_STD_I16LE, H5T_STD_I16BE},
      {ElementType::kInt8, H5T_STD_I8LE, H5T_STD_I8BE},
      {ElementType::kUInt64, H5T_STD_U64LE, H5T_STD_U64BE},
      {ElementType::kUInt32, H5T_STD_U32LE, H5T_STD_U32BE},
      {ElementType::kUInt16, H5T_STD_U16LE, H5T_STD_U16BE},
      {ElementType::kUInt8, H5T_STD_U8LE, H5T_STD_U8BE},
  };
  for (const auto& candidate : standard) {
    const bool is_little = H5Tequal(type, candidate.little) > 0;
    if (is_little || H5Tequal(type, candidate.big) > 0) {
      return {candidate.element, !is_little, element_name(candidate.element, !is_little)};
    }
  }
  if (is_nameless_brain(type)) return {ElementType::kBFloat16, false, element_name(ElementType::kBFloat16, false)};
  return {ElementType::kOther, false, name_of_other(type)};
}

}  // namespace signxai::hdf5
