// Text from a file that may be damaged or hostile, made fit for messages and terminals.
#pragma once

#include <string>
#include <string_view>

namespace signxai::hdf5 {

/// Control characters and ill-formed UTF-8 become '?'; what exceeds 1000 bytes is cut.
std::string printable(std::string_view text);

}  // namespace signxai::hdf5
