/* The C interface: values from a file, through a network, to the values of a map. C99.
 *
 *   explain_values MODEL VALUES METHOD [PARAMETERS [TARGET]]
 *
 * VALUES is a text file with the numbers of one sample of a network with one input, separated by white space. PARAMETERS
 * is a JSON object, {"epsilon": 0.1}. Prints the explained output, then the map, one value per line. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <signxai/signxai.h>

static int fail(const char* what) {
  fprintf(stderr, "explain_values: %s: %s\n", what, signxai_last_error());
  return 1;
}

static size_t element_count(signxai_array array) {
  size_t count = 1;
  for (size_t i = 0; i < array.rank; ++i) count *= (size_t)array.shape[i];
  return count;
}

/* 0 when there are not exactly `count` numbers. */
static int read_values(const char* path, float* values, size_t count) {
  FILE* file = fopen(path, "r");
  size_t read = 0;
  float beyond;
  if (!file) return 0;
  while (read < count && fscanf(file, "%f", &values[read]) == 1) ++read;
  const int whole = read == count && fscanf(file, "%f", &beyond) != 1;
  fclose(file);
  return whole;
}

static int print_map(const signxai_result* result) {
  size_t targets = 0;
  const int64_t* target = signxai_result_targets(result, &targets);
  const signxai_array map = signxai_result_array(result, 0);
  printf("target %" PRId64 "\n", targets > 0 ? target[0] : -1);
  for (size_t i = 0; i < element_count(map); ++i) printf("%.9g\n", (double)map.data[i]);
  return ferror(stdout) ? 1 : 0;
}

static int explain(const signxai_explainer* explainer, int argc, char** argv) {
  signxai_array input = signxai_input_shape(explainer, 0);
  for (size_t i = 0; i < input.rank; ++i) {
    if (input.shape[i] < 0) return fprintf(stderr, "explain_values: the network's input has open extents\n"), 1;
  }
  const size_t count = element_count(input);
  float* values = malloc(count * sizeof *values);
  if (!values || !read_values(argv[2], values, count)) {
    fprintf(stderr, "explain_values: %s does not hold %zu numbers\n", argv[2], count);
    free(values);
    return 1;
  }
  input.data = values;
  signxai_result* result = NULL;
  int status = 0;
  if (signxai_explain(explainer, &input, 1, argv[3], argc > 4 ? argv[4] : NULL, argc > 5 ? argv[5] : NULL, &result)) {
    status = fail(argv[3]);
  } else {
    status = print_map(result);
  }
  signxai_result_free(result);
  free(values);
  return status;
}

int main(int argc, char** argv) {
  signxai_explainer* explainer = NULL;
  int status = 0;
  if (argc < 4) {
    fprintf(stderr, "usage: explain_values MODEL VALUES METHOD [PARAMETERS [TARGET]]\n");
    return 2;
  }
  if (signxai_load(argv[1], NULL, NULL, &explainer)) return fail(argv[1]);
  status = explain(explainer, argc, argv);
  signxai_free(explainer);
  return status;
}
