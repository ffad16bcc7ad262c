/*===- images.c - The code for this GPU ---------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/
#include "cuda_handle.h"

#include <stdio.h>
#include <stdlib.h>

#define PLAIN_SHARED_BYTES (48u << 10) /* more has to be asked for */

/* The first image of a cubin of the same major version, the newest; else of the
 * newest PTX. */
static const swap_cuda_image *choose(const swap_cuda *h) {
  const swap_cuda_image *best = NULL;
  for (uint32_t i = 0; i < h->model->image_count; ++i) {
    const swap_cuda_image *image = &h->model->images[i];
    if (image->arch > h->arch ||
        (!image->ptx && image->arch / 10 != h->arch / 10))
      continue;
    if (image->first_kernel)
      continue;
    if (!best || (best->ptx && !image->ptx) ||
        (best->ptx == image->ptx && image->arch > best->arch))
      best = image;
  }
  return best;
}

static int no_image(swap_cuda *h) {
  char list[256] = "";
  size_t at = 0;
  for (uint32_t i = 0; i < h->model->image_count && at + 32 < sizeof list; ++i)
    if (!h->model->images[i].first_kernel)
      at += (size_t)snprintf(list + at, sizeof list - at, "%s%s_%u",
                             at ? ", " : "",
                             h->model->images[i].ptx ? "compute" : "sm",
                             (unsigned)h->model->images[i].arch);
  return cuda_fail(h, SWAP_ERR_DEVICE,
                   "%s is an sm_%u, and the program has code for %s only; "
                   "compile it with --cuda-arch sm_%u",
                   h->name, (unsigned)h->arch, at ? list : "none",
                   (unsigned)h->arch);
}

int cuda_images_rows(swap_cuda *h) {
  static const char *const names[2] = {"swap_rows_i32", "swap_rows_i64"};
  const swap_plan *plan = h->session.plan;
  int status = SWAP_OK;
  for (uint32_t i = 0; !status && i < plan->step_count; ++i) {
    const int wide = plan->steps[i].aux == SWAP_I64;
    if (plan->steps[i].op == SWAP_OP_ROWS && !h->rows[wide])
      status = cuda_check(h,
                          h->driver->module_function(
                              &h->rows[wide], h->modules[0], names[wide]),
                          "finding kernel %s", names[wide]);
  }
  return status;
}

static int find_kernel(swap_cuda *h, cu_module module, uint32_t kernel) {
  const swap_cuda_kernel *k = &h->model->kernels[kernel];
  cu_result result =
      h->driver->module_function(&h->functions[kernel], module, k->symbol);
  if (!result && k->shared_bytes > PLAIN_SHARED_BYTES)
    result = h->driver->function_set(
        h->functions[kernel], CU_FUNCTION_DYNAMIC_SHARED, (int)k->shared_bytes);
  return cuda_check(h, result,
                    "preparing kernel %s (%s, %u bytes of shared "
                    "memory)",
                    cuda_kernel_name(h, kernel), k->symbol,
                    (unsigned)k->shared_bytes);
}

static int load(swap_cuda *h, const swap_cuda_image *image) {
  cu_module module = NULL;
  int status = cuda_check(
      h, h->driver->module_load(&module, image->data),
      "loading the code for %s_%u on an sm_%u (a driver as new as the CUDA "
      "toolkit that compiled it is needed)",
      image->ptx ? "compute" : "sm", (unsigned)image->arch, (unsigned)h->arch);
  if (!status)
    h->modules[h->module_count++] = module;
  for (uint32_t i = 0; !status && i < image->kernel_count; ++i)
    status = find_kernel(h, module, image->first_kernel + i);
  return status;
}

/* The images of one architecture follow each other and hold each kernel once.
 */
static int load_all(swap_cuda *h, const swap_cuda_image *first) {
  const uint32_t kernels = h->model->model->kernel_count;
  const swap_cuda_image *end = h->model->images + h->model->image_count;
  uint32_t have = 0;
  int status = SWAP_OK;
  for (const swap_cuda_image *i = first; !status && i < end; ++i) {
    if (i->arch != first->arch || i->ptx != first->ptx)
      break;
    if (i->first_kernel != have || i->kernel_count > kernels - have)
      return cuda_fail(h, SWAP_ERR_ABI, "%s", swap_status_string(SWAP_ERR_ABI));
    have += i->kernel_count;
    status = load(h, i);
  }
  return !status && have < kernels ? cuda_fail(h, SWAP_ERR_ABI, "%s",
                                               swap_status_string(SWAP_ERR_ABI))
                                   : status;
}

int cuda_images_open(swap_cuda *h) {
  const swap_cuda_image *first = choose(h);
  if (!first)
    return no_image(h);
  h->functions =
      calloc(h->model->model->kernel_count + 1u, sizeof *h->functions);
  h->modules = calloc(h->model->image_count, sizeof *h->modules);
  if (!h->functions || !h->modules)
    return cuda_fail(h, SWAP_ERR_BUDGET, "out of memory");
  const int status = load_all(h, first);
  return status ? status : cuda_images_rows(h);
}

void cuda_images_close(swap_cuda *h) {
  while (h->module_count)
    h->driver->module_unload(h->modules[--h->module_count]);
  free(h->modules);
  free(h->functions);
}
