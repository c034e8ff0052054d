# Read by ctest before each run: one ctest entry per GoogleTest suite of one program. A suite, not a test, is the unit
# because its tests share what they load (models, goldens).
# In: SUITES_PROGRAM, SUITES_RESULTS (folder for GoogleTest's XML), SUITES_WORKDIR.
if(NOT EXISTS "${SUITES_PROGRAM}")
  add_test(signxai-tests.NOT_BUILT "${SUITES_PROGRAM}")
  return()
endif()
execute_process(COMMAND "${SUITES_PROGRAM}" --gtest_list_tests OUTPUT_VARIABLE listing RESULT_VARIABLE status
                        ERROR_VARIABLE errors)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${SUITES_PROGRAM} --gtest_list_tests failed (${status}): ${errors}")
endif()
# A suite is a line "Name." or "Prefix/Name/0.  # TypeParam = ..."; its tests are indented below it.
string(REGEX REPLACE "[;\\[\\]]" "" listing "${listing}")
string(REPLACE "\n" ";" lines "${listing}")
foreach(line IN LISTS lines)
  if(NOT line MATCHES "^([A-Za-z0-9_/]+)\\.( |$)")
    continue()
  endif()
  set(suite "${CMAKE_MATCH_1}")
  string(REPLACE "/" "." file_name "${suite}")
  add_test("${suite}" "${SUITES_PROGRAM}" "--gtest_filter=${suite}.*" --gtest_color=no
           "--gtest_output=xml:${SUITES_RESULTS}/${file_name}.xml")
  # Passive waiting: ctest runs several programs side by side, and spinning OpenMP threads would starve each other.
  set_tests_properties("${suite}" PROPERTIES ENVIRONMENT "OMP_WAIT_POLICY=passive" WORKING_DIRECTORY "${SUITES_WORKDIR}"
                                             TIMEOUT 3600)
  if(suite MATCHES "Golden")
    # The longest ones start first.
    set_tests_properties("${suite}" PROPERTIES LABELS golden COST 1000)
  endif()
  if(suite MATCHES "Golden|CpuKernels")
    # Once more as on a machine without AVX-512, on the vendored goldens.
    add_test("${suite}@avx2" "${SUITES_PROGRAM}" "--gtest_filter=${suite}.*" --gtest_color=no
             "--gtest_output=xml:${SUITES_RESULTS}/${file_name}@avx2.xml")
    set_tests_properties("${suite}@avx2" PROPERTIES
      ENVIRONMENT "OMP_WAIT_POLICY=passive;SIGNXAI_TEST_ISA=avx2;SIGNXAI_GOLDENS=" WORKING_DIRECTORY "${SUITES_WORKDIR}"
      TIMEOUT 3600)
  endif()
endforeach()
