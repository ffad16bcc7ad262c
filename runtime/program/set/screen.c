/*===- screen.c - The set while it runs ---------------------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* On a terminal some lines that are drawn anew, else a line now and then. Only
|* main() draws; messages of other threads go through screen_say.
\*===----------------------------------------------------------------------===*/
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "set_program.h"

#define BAR 20u
#define REDRAW_NS (NS_PER_S / 5)
#define LINE_NS (10 * NS_PER_S)
#define LINE 512u
#define FRAME 16384u

static struct {
  pthread_mutex_t lock;
  int terminal; /* lines are drawn anew */
  int quiet;
  uint32_t lines; /* that are on the terminal */
  int noted;      /* one without an end is */
  uint32_t rows, columns;
  uint64_t drawn_ns;
  uint64_t changes; /* that were told */
  /* What rates are of. */
  uint64_t from_ns, read_bytes, compute_ns;
  double link, cores;
} screen = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* What is drawn at once, over the frame before, so that nothing flickers. */
typedef struct frame {
  char text[FRAME];
  size_t at;
  uint32_t lines;
} frame;

void progress_end(void) {
  if (screen.lines)
    fprintf(stderr, "\r\033[%uA\033[J", screen.lines);
  if (screen.noted)
    fprintf(stderr, "\r\033[K");
  screen.lines = 0;
  screen.noted = 0;
}

void screen_note(const set_run *run, const char *what, uint32_t number) {
  if (run->options->quiet || !isatty(STDERR_FILENO))
    return;
  fprintf(stderr, "\r\033[K%s %u of %u", what, number, run->task_count);
  fflush(stderr);
  screen.noted = 1;
}

void screen_say(const char *format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  pthread_mutex_lock(&screen.lock);
  say("%s", text);
  pthread_mutex_unlock(&screen.lock);
}

void screen_start(set_run *run) {
  screen.quiet = run->options->quiet;
  screen.terminal = !screen.quiet && isatty(STDERR_FILENO);
  screen.drawn_ns = screen.from_ns = run->start_ns;
  progress_end();
}

/* A line that fits the terminal, without half of a character at its end. */
static void put(frame *f, const char *text) {
  const size_t columns = screen.columns ? screen.columns : 80;
  size_t end = strlen(text);
  if (end > columns) {
    end = columns;
    while (end && ((uint8_t)text[end] & 0xc0) == 0x80)
      --end;
  }
  if (f->at + end + 16 > sizeof f->text)
    return;
  f->at += (size_t)sprintf(f->text + f->at, "%.*s\033[K\n", (int)end, text);
  f->lines += 1;
}

static void measure_rates(const set_run *run, uint64_t now_ns) {
  const swap_pool_state *s = &run->state;
  const double seconds = (double)(now_ns - screen.from_ns) / 1e9;
  if (seconds < 1)
    return;
  screen.link = (double)(s->read_bytes - screen.read_bytes) / 1e6 / seconds;
  screen.cores = (double)(s->compute_ns - screen.compute_ns) / 1e9 / seconds *
                 (s->lanes ? (double)s->threads / s->lanes : 1);
  screen.from_ns = now_ns;
  screen.read_bytes = s->read_bytes;
  screen.compute_ns = s->compute_ns;
}

static const char *so_far(const set_run *run, uint64_t now_ns, char text[64]) {
  const double seconds = (double)(now_ns - run->start_ns) / 1e9;
  if (run->duration_ns)
    snprintf(text, 64, "%.1f of %g s", seconds, (double)run->duration_ns / 1e9);
  else
    snprintf(text, 64, "%.1f s", seconds);
  return text;
}

static void draw_task(frame *f, const set_task *task) {
  char line[LINE], last[32] = "-", plan[48] = "-";
  const swap_model *model = task->asks->model;
  const swap_task_state *s = &task->state;
  double share = 100;
  if (s->resident_bytes < model->weight_bytes) /* those are whole pages */
    share *= (double)s->resident_bytes / (double)model->weight_bytes;
  if (task->counts.runs)
    snprintf(last, sizeof last, "%.1f", in_ms(task->last_latency_ns));
  if (task->handle)
    snprintf(plan, sizeof plan, "%u/%u%s", s->plan + 1, model->plan_count,
             s->idle ? " idle" : "");
  snprintf(line, sizeof line,
           "%-20.20s %7" PRIu64 " %7" PRIu64 " %10s %10.1f %8.0f%%  %s",
           task->asks->name, task->counts.runs, task->counts.missed, last,
           in_ms(histogram_at(task->latency, 0.5)), share,
           task->handle ? plan : "not there");
  put(f, line);
}

static void draw_lines(set_run *run, uint64_t now_ns) {
  const swap_pool_state *s = &run->state;
  struct winsize size = {0};
  char line[LINE], bar[BAR + 1], time[64];
  static frame f;
  screen.rows = screen.columns = 0;
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0) {
    screen.rows = size.ws_row;
    screen.columns = size.ws_col;
  }
  uint64_t full = s->budget_bytes ? s->used_bytes * BAR / s->budget_bytes : BAR;
  full = full < BAR ? full : BAR;
  for (uint32_t i = 0; i < BAR; ++i)
    bar[i] = i < full ? '#' : '.';
  bar[BAR] = 0;
  f.at = f.lines = 0;
  if (screen.lines)
    f.at = (size_t)sprintf(f.text, "\r\033[%uA", screen.lines);
  snprintf(line, sizeof line, "%.40s  %s  link %.0f MB/s  cores %.1f of %u",
           run->set->name, so_far(run, now_ns, time), screen.link, screen.cores,
           s->threads);
  put(&f, line);
  snprintf(line, sizeof line, "memory [%s] %s of %s", bar,
           size_text(s->used_bytes), size_text(s->budget_bytes));
  put(&f, line);
  snprintf(line, sizeof line, "%-20s %7s %7s %10s %10s %9s  %s", "task", "runs",
           "missed", "last ms", "median ms", "resident", "plan");
  put(&f, line);
  for (uint32_t i = 0;
       i < run->task_count && (!screen.rows || f.lines + 1 < screen.rows); ++i)
    draw_task(&f, &run->tasks[i]);
  fprintf(stderr, "%s\033[J", f.text);
  fflush(stderr);
  screen.lines = f.lines;
}

static void draw_line(set_run *run, uint64_t now_ns) {
  const swap_pool_state *s = &run->state;
  uint64_t runs = 0, missed = 0;
  char time[64];
  for (uint32_t i = 0; i < run->task_count; ++i) {
    runs += run->tasks[i].counts.runs;
    missed += run->tasks[i].counts.missed;
  }
  say("%s: memory %s of %s, link %.0f MB/s, cores %.1f of %u, %" PRIu64
      " runs, %" PRIu64 " missed",
      so_far(run, now_ns, time), size_text(s->used_bytes),
      size_text(s->budget_bytes), screen.link, screen.cores, s->threads, runs,
      missed);
}

static void tell_changes(set_run *run) {
  for (; screen.changes < run->change_count && screen.changes < CHANGES_KEPT;
       ++screen.changes) {
    const set_change *change = &run->changes[screen.changes];
    char text[160];
    if (!change->status)
      say("%.1f s: %s", in_ms(change->at_ns) / 1e3,
          set_change_text(run, change, text));
  }
}

void screen_draw(set_run *run, uint64_t now_ns) {
  if (screen.quiet)
    return;
  const int is_due =
      now_ns - screen.drawn_ns >= (screen.terminal ? REDRAW_NS : LINE_NS);
  pthread_mutex_lock(&run->lock);
  pthread_mutex_lock(&screen.lock);
  measure_rates(run, now_ns);
  tell_changes(run);
  if (is_due) {
    screen.drawn_ns = now_ns;
    if (screen.terminal)
      draw_lines(run, now_ns);
    else
      draw_line(run, now_ns);
  }
  pthread_mutex_unlock(&screen.lock);
  pthread_mutex_unlock(&run->lock);
}

void screen_end(void) {
  pthread_mutex_lock(&screen.lock);
  progress_end();
  screen.terminal = 0;
  pthread_mutex_unlock(&screen.lock);
}
