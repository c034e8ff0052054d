# Everything the library links. tools/setup.sh installs it; the list of Debian packages stands there.

# oneDNN 3: a system one when there is one, else the one that tools/setup.sh put into .deps/. Version 2 has another API.
# The environment in which a Python package is built has it in the prefix around its site-packages.
set(signxai_dnnl_hints "")
foreach(folder IN LISTS CMAKE_PREFIX_PATH)
  if(folder MATCHES "^(.+)/lib/python[^/]+/site-packages")
    list(APPEND signxai_dnnl_hints "${CMAKE_MATCH_1}")
  endif()
endforeach()
find_package(dnnl 3 CONFIG QUIET HINTS ${signxai_dnnl_hints} PATHS "${PROJECT_SOURCE_DIR}/.deps/onednn")
if(NOT dnnl_FOUND)
  message(FATAL_ERROR "oneDNN 3 was not found; run tools/setup.sh build, or give CMAKE_PREFIX_PATH")
endif()
if(DNNL_CPU_RUNTIME AND NOT DNNL_CPU_RUNTIME STREQUAL "OMP")
  message(FATAL_ERROR "${dnnl_DIR} is a oneDNN for ${DNNL_CPU_RUNTIME}; this project needs one for OpenMP")
endif()

find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(HDF5 REQUIRED COMPONENTS C)
find_package(PkgConfig REQUIRED)
pkg_check_modules(libzip REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(cairo REQUIRED IMPORTED_TARGET cairo)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(fmt CONFIG REQUIRED)
find_package(PNG REQUIRED)
find_package(JPEG REQUIRED)
find_package(hwy CONFIG REQUIRED)
find_package(xbyak CONFIG REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(Protobuf REQUIRED)
find_package(leveldb CONFIG REQUIRED)

set(signxai_dependencies
    DNNL::dnnl
    OpenMP::OpenMP_CXX
    hdf5::hdf5
    PkgConfig::libzip
    PkgConfig::cairo
    nlohmann_json::nlohmann_json
    fmt::fmt
    PNG::PNG
    JPEG::JPEG
    hwy::hwy
    xbyak::xbyak
    OpenSSL::Crypto
    protobuf::libprotobuf-lite
    leveldb::leveldb)
