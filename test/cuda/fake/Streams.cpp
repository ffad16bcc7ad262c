//===- Streams.cpp - Streams, events and graphs of the fake GPU -*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "Engine.h"

#include <algorithm>

using namespace fakecuda;

#define ENTER()                                                                \
  std::lock_guard<std::recursive_mutex> guard(mutex);                          \
  if (const cu_result failed = enter())                                        \
  return failed

extern "C" {

cu_result cuStreamCreate(cu_stream *stream, unsigned) {
  ENTER();
  *stream = new cu_stream_object;
  state.live += 1;
  state.allocations += 1;
  return CU_OK;
}

cu_result cuStreamDestroy_v2(cu_stream stream) {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  if (stream->capture)
    state.violations += 1;
  state.live -= 1;
  delete stream;
  return CU_OK;
}

cu_result cuStreamSynchronize(cu_stream stream) {
  ENTER();
  if (stream->capture)
    return kCaptureUnsupported;
  state.synchronizations += 1;
  enqueue(stream, {});
  runUntil(stream->tail);
  return CU_OK;
}

cu_result cuEventCreate(cu_event *event, unsigned flags) {
  ENTER();
  *event = new cu_event_object;
  (*event)->isTimed = !(flags & CU_EVENT_UNTIMED);
  state.live += 1;
  state.allocations += 1;
  return CU_OK;
}

cu_result cuEventDestroy_v2(cu_event event) {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  state.live -= 1;
  delete event;
  return CU_OK;
}

cu_result cuEventRecordWithFlags(cu_event event, cu_stream stream,
                                 unsigned flags) {
  ENTER();
  if (!stream->capture) {
    if (flags)
      return CU_INVALID_VALUE;
    enqueue(stream, {});
    event->node = stream->tail;
    event->wasCaptured = false;
    return CU_OK;
  }
  if (!flags) {
    event->capture = stream->capture;
    event->wasCaptured = true;
    event->captured = stream->captured;
    return CU_OK;
  }
  enqueue(stream, {});
  GraphNode &node = stream->capture->graph->nodes.back();
  node.kind = GraphNode::Record;
  node.event = event;
  return CU_OK;
}

cu_result cuStreamWaitEvent(cu_stream stream, cu_event event, unsigned flags) {
  ENTER();
  if (flags) {
    if (!stream->capture)
      return CU_INVALID_VALUE;
    enqueue(stream, {});
    GraphNode &node = stream->capture->graph->nodes.back();
    node.kind = GraphNode::Wait;
    node.event = event;
    return CU_OK;
  }
  if (!event->wasCaptured) {
    if (stream->capture)
      return kCaptureIsolation;
    stream->waits.push_back(event->node);
    return CU_OK;
  }
  const std::shared_ptr<Capture> capture = event->capture.lock();
  if (!capture || (stream->capture && stream->capture != capture))
    return kCapturedEvent;
  if (!stream->capture) {
    stream->capture = capture;
    stream->captured.clear();
    capture->streams.push_back(stream);
  }
  stream->captured.insert(stream->captured.end(), event->captured.begin(),
                          event->captured.end());
  return CU_OK;
}

cu_result cuEventSynchronize(cu_event event) {
  ENTER();
  if (event->wasCaptured)
    return kCapturedEvent;
  state.synchronizations += 1;
  runUntil(event->node);
  return CU_OK;
}

cu_result cuEventQuery(cu_event event) {
  ENTER();
  return event->node && !event->node->isDone ? CU_NOT_READY : CU_OK;
}

cu_result cuEventElapsedTime(float *ms, cu_event start, cu_event end) {
  ENTER();
  if (!start->isTimed || !end->isTimed || !start->node || !end->node)
    return 400;
  if (!start->node->isDone || !end->node->isDone)
    return CU_NOT_READY;
  *ms = static_cast<float>(end->node->doneMs - start->node->doneMs);
  return CU_OK;
}

cu_result cuStreamBeginCapture_v2(cu_stream stream, int) {
  ENTER();
  if (stream->capture)
    return CU_INVALID_VALUE;
  stream->capture = std::make_shared<Capture>();
  stream->capture->graph = new cu_graph_object;
  stream->capture->origin = stream;
  stream->capture->streams = {stream};
  stream->captured.clear();
  state.live += 1;
  return CU_OK;
}

static std::vector<char> ancestorsOf(const cu_graph_object &graph,
                                     const std::vector<int> &ends) {
  std::vector<char> found(graph.nodes.size(), 0);
  std::vector<int> work = ends;
  while (!work.empty()) {
    const int next = work.back();
    work.pop_back();
    if (found[static_cast<size_t>(next)])
      continue;
    found[static_cast<size_t>(next)] = 1;
    for (int d : graph.nodes[static_cast<size_t>(next)].dependencies)
      work.push_back(d);
  }
  return found;
}

cu_result cuStreamEndCapture(cu_stream stream, cu_graph *graph) {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  const cu_result failed = enter();
  *graph = nullptr;
  const std::shared_ptr<Capture> capture = stream->capture;
  if (!capture || capture->origin != stream)
    return CU_INVALID_VALUE;
  const std::vector<char> joined =
      ancestorsOf(*capture->graph, stream->captured);
  bool isJoined = true;
  for (cu_stream each : capture->streams) {
    for (int end : each->captured)
      isJoined &= joined[static_cast<size_t>(end)] != 0;
    each->capture.reset();
    each->captured.clear();
  }
  if (failed || !isJoined) {
    delete capture->graph;
    state.live -= 1;
    return failed ? failed : kCaptureUnjoined;
  }
  *graph = capture->graph;
  state.allocations += 1;
  return CU_OK;
}

cu_result cuGraphInstantiateWithFlags(cu_exec *exec, cu_graph graph,
                                      unsigned long long) {
  ENTER();
  *exec = new cu_exec_object;
  (*exec)->nodes = graph->nodes;
  state.live += 1;
  state.allocations += 1;
  state.device_bytes += config.graph_bytes;
  return CU_OK;
}

cu_result cuGraphDestroy(cu_graph graph) {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  state.live -= 1;
  delete graph;
  return CU_OK;
}

cu_result cuGraphExecDestroy(cu_exec exec) {
  std::lock_guard<std::recursive_mutex> guard(mutex);
  if (exec->last && !exec->last->isDone)
    state.violations += 1;
  state.live -= 1;
  state.device_bytes -= config.graph_bytes;
  delete exec;
  return CU_OK;
}

cu_result cuGraphUpload(cu_exec, cu_stream) {
  ENTER();
  return CU_OK;
}

cu_result cuGraphLaunch(cu_exec exec, cu_stream stream) {
  ENTER();
  if (stream->capture)
    return kCaptureUnsupported;
  state.graph_launches += 1;
  if (exec->last && !exec->last->isDone)
    stream->waits.push_back(exec->last);
  enqueue(stream, {});
  const NodePtr start = stream->tail;
  std::vector<NodePtr> nodes;
  // What a node waits for was recorded before this launch.
  std::vector<NodePtr> awaited;
  for (const GraphNode &node : exec->nodes)
    awaited.push_back(node.kind == GraphNode::Wait ? node.event->node
                                                   : nullptr);
  for (size_t i = 0; i < exec->nodes.size(); ++i) {
    const GraphNode &node = exec->nodes[i];
    std::vector<NodePtr> dependencies = {start, awaited[i]};
    for (int d : node.dependencies)
      dependencies.push_back(nodes[static_cast<size_t>(d)]);
    nodes.push_back(submit(node.work, std::move(dependencies)));
    if (node.kind == GraphNode::Record) {
      node.event->node = nodes.back();
      node.event->wasCaptured = false;
    }
  }
  stream->waits = nodes;
  enqueue(stream, {});
  exec->last = stream->tail;
  return CU_OK;
}

} // extern "C"
