// Symbol visibility of the public API. The library is built with hidden visibility; what a user may call carries
// SIGNXAI_API. Included from C as well.
#pragma once

#define SIGNXAI_API __attribute__((visibility("default")))
