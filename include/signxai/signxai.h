/* C interface of signxai (C99): load a network, ask for its shapes, predict, explain.
 *
 * Errors: functions that can fail return a signxai_code; SIGNXAI_OK is 0. The message of the last failure in the
 * calling thread is signxai_last_error(). No exception leaves these functions. After a failure *out is NULL.
 *
 * Ownership: what a function returns through `out` belongs to the caller, who frees it by the function named there;
 * NULL may be freed. Texts and arrays that a handle hands out belong to it and live until it is freed. What the caller
 * hands in is read during the call alone.
 *
 * Threads: an explainer may be used by several threads at once, a result read by several. Freeing is for one thread,
 * when no other uses the handle any more. After fork() the child may use what the parent made, if no other thread was
 * inside a call on that handle at that moment. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "signxai/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What sort of failure it is; the codes of signxai::ErrorCode. */
typedef enum signxai_code {
  SIGNXAI_OK = 0,
  SIGNXAI_INVALID_ARGUMENT = 1, /* shape, parameter, target, unknown method, a NULL pointer */
  SIGNXAI_NOT_FOUND = 2,        /* a file or layer that was named does not exist */
  SIGNXAI_UNSUPPORTED = 3,      /* well-formed, but not something this version can compute */
  SIGNXAI_CORRUPT_FILE = 4,     /* a file is damaged or contradicts itself */
  SIGNXAI_OUT_OF_MEMORY = 5,
  SIGNXAI_IO = 6,
  SIGNXAI_CANCELLED = 7,
  SIGNXAI_INTERNAL = 8 /* a defect of the library */
} signxai_code;

typedef struct signxai_explainer signxai_explainer;
typedef struct signxai_result signxai_result;

/* A borrowed array: float32, C-contiguous, channels last, the batch axis (where there is one) first. */
typedef struct signxai_array {
  const float* data;
  const int64_t* shape;
  size_t rank;
} signxai_array;

/* "0.1.0". */
SIGNXAI_API const char* signxai_version(void);

/* "[stage] subject: what is wrong ..." of the last failure in this thread, "" before the first. Lives until the next
 * failure in this thread. */
SIGNXAI_API const char* signxai_last_error(void);

/* Loads a network. `weights` may be NULL: only for an architecture .json, the weights beside it. `options` is NULL or a
 * JSON object with any of "threads", "batch", "backend", "semantics" and "precision", as ExplainerOptions has them.
 * Free by signxai_free. */
SIGNXAI_API signxai_code signxai_load(const char* model, const char* weights, const char* options,
                                      signxai_explainer** out);
SIGNXAI_API void signxai_free(signxai_explainer* explainer);

/* Number, names and shapes of the network's inputs and outputs: of one sample, without the batch axis; open extents are
 * negative. `data` of these arrays is NULL. Out of range: NULL, or a shape NULL of rank 0. */
SIGNXAI_API size_t signxai_input_count(const signxai_explainer* explainer);
SIGNXAI_API size_t signxai_output_count(const signxai_explainer* explainer);
SIGNXAI_API const char* signxai_input_name(const signxai_explainer* explainer, size_t index);
SIGNXAI_API const char* signxai_output_name(const signxai_explainer* explainer, size_t index);
SIGNXAI_API signxai_array signxai_input_shape(const signxai_explainer* explainer, size_t index);
SIGNXAI_API signxai_array signxai_output_shape(const signxai_explainer* explainer, size_t index);

/* What the network returns for `inputs`, one array per input (a sample, or a batch): an array per output, (samples,
 * ...). Free by signxai_result_free. */
SIGNXAI_API signxai_code signxai_predict(const signxai_explainer* explainer, const signxai_array* inputs,
                                         size_t input_count, signxai_result** out);

/* Maps of `inputs` by one method: an array per input of the network, (samples, ...). `parameters` is NULL or a JSON
 * object
 * ("{\"epsilon\": 0.1}"); `target` is NULL (the largest output of each sample) or what the command line takes: "7",
 * "3,1,4", "all", "top:5", "3-5". Free by signxai_result_free. */
SIGNXAI_API signxai_code signxai_explain(const signxai_explainer* explainer, const signxai_array* inputs,
                                         size_t input_count, const char* method, const char* parameters,
                                         const char* target, signxai_result** out);

/* The arrays of a result and their names: of outputs, or of maps ("METHOD", "METHOD/INPUT" with several inputs). */
SIGNXAI_API size_t signxai_result_count(const signxai_result* result);
SIGNXAI_API const char* signxai_result_name(const signxai_result* result, size_t index);
SIGNXAI_API signxai_array signxai_result_array(const signxai_result* result, size_t index);
/* The explained outputs of an explanation as flat indices, -1 for "all" and expressions; *count is their number. After
 * a prediction NULL. */
SIGNXAI_API const int64_t* signxai_result_targets(const signxai_result* result, size_t* count);
SIGNXAI_API void signxai_result_free(signxai_result* result);

#ifdef __cplusplus
}
#endif
