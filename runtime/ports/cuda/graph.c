/*===- graph.c - A run as one launch ------------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* The walk of a run in the steady state, captured. A plan that reads ahead has
|* two such graphs, launched in turn on two streams: the copies at the end of
|* one go on while the other begins, and events say which of them are there.
\*===----------------------------------------------------------------------===*/
#include "cuda_handle.h"

int cuda_graph_make(swap_cuda *h, const cuda_walk *walk, cu_exec *exec) {
  const cuda_driver *d = h->driver;
  cu_graph graph = NULL;
  *exec = NULL;
  int status = cuda_check(h, d->capture_begin(h->compute, CU_CAPTURE_THREAD),
                          "beginning a graph");
  if (status)
    return status;
  status = cuda_walk_steps(h, walk);
  const cu_result ended = d->capture_end(h->compute, &graph);
  if (!status)
    status = cuda_check(h, ended, "ending a graph");
  if (!status) {
    status = cuda_check(h, d->graph_instantiate(exec, graph, 0),
                        "making a graph of the run");
    if (status)
      *exec = NULL;
  }
  if (graph)
    d->graph_destroy(graph);
  if (!status) {
    status = cuda_check(h, d->graph_upload(*exec, h->compute),
                        "bringing the graph to the device");
    if (!status)
      status = cuda_check(h, d->stream_sync(h->compute),
                          "bringing the graph to the device");
  }
  return status;
}

int cuda_graph_open(swap_cuda *h) {
  const int fed = h->feeder && (h->unit_bytes || h->row_bytes);
  int status = SWAP_OK;
  if (fed || h->options.no_graph || h->options.event ||
      h->options.check_memory || (h->options.flags & SWAP_FLAG_SERIAL))
    return SWAP_OK;
  h->graph_primed = h->graph_ahead = h->cyclic && h->wants_ahead;
  for (uint32_t i = 0; !status && i <= (uint32_t)h->graph_primed; ++i) {
    const cuda_walk walk = {.capturing = 1,
                            .primed = h->graph_primed,
                            .ahead = h->graph_ahead,
                            .from = i,
                            .to = h->graph_primed ? 1 - i : i};
    status = cuda_graph_make(h, &walk, &h->execs[i]);
  }
  return status;
}

cu_exec cuda_graph_for(const swap_cuda *h, const cuda_walk *walk) {
  return walk->primed == h->graph_primed && walk->ahead == h->graph_ahead
             ? h->execs[walk->from]
             : NULL;
}

void cuda_graph_close(swap_cuda *h) {
  for (int i = 0; i < 2; ++i)
    if (h->execs[i])
      h->driver->exec_destroy(h->execs[i]);
  h->execs[0] = h->execs[1] = NULL;
}
