//===- SetProgramTest.cpp - The command line of a set's executable --------===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "ProgramFixture.h"

using namespace fake;

namespace {

class SetProgram : public ProgramFixture {
protected:
  SetProgram() : ProgramFixture(FAKE_SET_PROGRAM) { weights = "."; }

  /// Python that looks at s.json as `s` and t.json as `t`, where they are.
  std::string python(const std::string &code) {
    write("look.py", "import json, os\n"
                     "s = json.load(open('s.json')) if os.path.exists('s.json')"
                     " else None\n"
                     "t = json.load(open('t.json')) if os.path.exists('t.json')"
                     " else None\n" +
                         code);
    const int status =
        system(("cd " + dir + " && python3 look.py >python.txt 2>&1").c_str());
    return status ? read("python.txt").substr(0, 2000) : "";
  }
  void checkPython(const std::string &code) { EXPECT_EQ(python(code), ""); }

  /// Runs in the background until a signal, then again for each name; the exit
  /// status as the shell has it.
  std::string signalled(const std::string &arguments, const char *commands) {
    const std::string command = "cd " + dir + " && { " + environment + " " +
                                program + " --weights . " + arguments +
                                " >out.txt 2>err.txt & } && " + commands +
                                " wait $!; echo $? >status.txt";
    EXPECT_EQ(system(command.c_str()), 0);
    out = read("out.txt");
    err = read("err.txt");
    return read("status.txt");
  }
};

TEST_F(SetProgram, RunsTasksWithinOneBudget) {
  for (const char *more : {"", "--budget min", "--budget=max --io thread",
                           "--lanes 2 --io auto", "--threads 1 --seed 7"}) {
    ASSERT_EQ(run("--check --stats s.json " + std::string(more)), 0)
        << more << err;
    for (const char *part : {"task ", "signs ", "speech \"it\"",
                             "fake set: ", "feasible by prediction"})
      EXPECT_NE(out.find(part), std::string::npos) << part << out;
    checkPython(
        "assert s['set'] == 'fake set' and s['feasible'] is True, s\n"
        "assert s['least_bytes'] <= s['budget_bytes'] <= s['need_bytes']\n"
        "assert 0 < s['peak_bytes'] <= s['budget_bytes']\n"
        "assert all(0 < u <= b for _, u, b in s['memory']), s['memory']\n"
        "assert 0.3 <= s['duration_s'] < 5 and s['io'] in ('uring', 'thread')\n"
        "assert s['read_bytes'] > 0 and s['threads'] >= 1 and s['lanes'] >= 1\n"
        "assert s['zone_bytes'] + s['resident_bytes'] <= s['budget_bytes']\n"
        "for f in 'overlap link_share compute_ms stall_ms reallocations "
        "changes'.split():\n"
        "  assert s[f] >= 0\n"
        "assert [x['name'] for x in s['tasks']] == ['signs', 'lanes',"
        " 'speech \"it\"', 'spare']\n"
        "for x in s['tasks'][:3]:\n"
        "  l = x['latency_ms']\n"
        "  assert x['runs'] > 0 and not x['failed'] + x['different'], x\n"
        "  assert 0 < l['min'] <= l['median'] <= l['p90'] <= l['p99'] <="
        " l['max'], x\n"
        "  assert l['min'] <= l['mean'] <= l['max']\n"
        "  assert x['missed'] >= x['refused'], x\n"
        "  late = x['worst_lateness_ms']\n"
        "  assert abs(late - l['max'] + x['deadline_ms']) < 1e-3, x\n"
        "  for f in 'compute_ms stall_ms wait_ms predicted_ms response_ms "
        "plan_budget_bytes resident_bytes preempted priority'.split():\n"
        "    assert f in x, f\n"
        "x = s['tasks'][0]\n"
        "assert 10 <= x['runs'] + x['refused'] <= 15 and x['period_ms'] == 20\n"
        "x = s['tasks'][3]\n"
        "assert x['runs'] == 0 and x['worst_lateness_ms'] is None\n"
        "assert x['deadline_ms'] is None and x['period_ms'] is None\n");
  }
}

TEST_F(SetProgram, Trace) {
  environment = "FAKE_SET=events";
  ASSERT_EQ(run("--stats s.json --trace t.json"), 0) << err;
  checkPython(
      "import collections\n"
      "e = t['traceEvents']\n"
      "assert t['otherData']['dropped'] == '0'\n"
      "open_ = collections.Counter()\n"
      "for x in e:\n"
      "  if x['ph'] in 'be':\n"
      "    k = (x['cat'], x['id'], x['name'])\n"
      "    open_[k] += 1 if x['ph'] == 'b' else -1\n"
      "assert not any(open_.values()), [k for k in open_ if open_[k]][:9]\n"
      "names = {x['args']['name'] for x in e if x['ph'] == 'M'}\n"
      "assert {'lanes', 'tasks', 'link', 'lane 0', 'signs'} <= names, names\n"
      "spans = {x['name'] for x in e if x['ph'] == 'X'}\n"
      "assert {'add', 'add \"shifted\"', 'add \"slow\"'} <= spans, spans\n"
      "phases = {x['name'] for x in e if x['ph'] == 'b'}\n"
      "assert {'waiting', 'computing', 'signs', 'lanes'} <= phases, phases\n"
      "marks = {x['name'] for x in e if x['ph'] == 'i'}\n"
      "assert {'remove lanes', 'add spare', 'period of signs 4 ms'} <= marks\n"
      "c = [x for x in e if x['ph'] == 'C']\n"
      "assert {'memory', 'jobs', 'resident signs'} <= {x['name'] for x in c}\n"
      "assert all(x['args']['in use'] <= 163840 for x in c"
      " if x['name'] == 'memory')\n"
      "jobs = [x for x in e if x['ph'] == 'b' and 'job' in x.get('args', {})]\n"
      "assert len(jobs) == sum(x['runs'] for x in s['tasks'])\n"
      "assert any(x.get('cat') == 'read' for x in e)\n");
}

// Verifies that each event has its effect, and is told.
TEST_F(SetProgram, Events) {
  environment = "FAKE_SET=events";
  ASSERT_EQ(run("--check --stats s.json"), 0) << err;
  checkPython(
      "assert s['changes'] == 8 and s['changes_failed'] == 0\n"
      "assert [c['change'] for c in s['change_log']] == ["
      "'budget 24576 bytes', 'remove lanes', 'add spare',"
      "'budget 163840 bytes', 'period of signs 4 ms',"
      "'deadline of speech \"it\" 45 ms', 'priority of speech \"it\" 6',"
      "'add lanes']\n"
      "assert [c['at_ms'] for c in s['change_log']] == "
      "sorted(c['at_ms'] for c in s['change_log'])\n"
      "assert all(c['status'] == 0 for c in s['change_log'])\n"
      "assert s['budget_bytes'] == 163840\n"
      "a, b, c, d = s['tasks']\n"
      "assert a['period_ms'] == a['deadline_ms'] == 4\n"
      "assert a['runs'] + a['refused'] > 25\n"
      "assert c['deadline_ms'] == 45 and c['priority'] == 6\n"
      "assert d['runs'] > 0\n");
  EXPECT_NE(err.find("s: remove lanes"), std::string::npos) << err;
  ASSERT_EQ(run("--quiet"), 0);
  EXPECT_EQ(err, "");
  environment = "FAKE_SET=too-small";
  EXPECT_EQ(run("--budget max"), 1);
  EXPECT_NE(err.find("error: budget 4096 bytes: "), std::string::npos) << err;
  EXPECT_NE(err.find("1 of 1 changes could not be made"), std::string::npos);
}

// Verifies that an output that is not that of the model alone is found: one
// element of one task, from some job on.
TEST_F(SetProgram, CheckFindsADifference) {
  environment = "FAKE_CHEAT=8";
  EXPECT_EQ(run("--check --stats s.json"), 1);
  EXPECT_NE(err.find("task 'signs', job 6: output 'y:0' differs from that of "
                     "the model alone, first at element 5: "),
            std::string::npos)
      << err;
  checkPython("assert s['tasks'][0]['different'] > 0\n"
              "assert s['tasks'][1]['different'] == 0\n");
  EXPECT_EQ(run(""), 0) << "nobody asked for the comparison";
}

TEST_F(SetProgram, RandomChanges) {
  for (const char *stats : {"one.json", "s.json"})
    ASSERT_EQ(
        run("--random-changes 60 --check --duration 1500ms --lanes 1 --seed 3 "
            "--stats " +
            std::string(stats)),
        0)
        << err;
  checkPython(
      "o = json.load(open('one.json'))\n"
      "log = [c['change'] for c in s['change_log']]\n"
      "old = [c['change'] for c in o['change_log']]\n"
      "n = min(len(log), len(old))\n"
      "assert n >= 5 and log[:n] == old[:n], (log, old)\n"
      "kinds = {c.split()[0] for c in log}\n"
      "assert len(log) < 30 or kinds == {'budget', 'add', 'remove', 'period'}\n"
      "assert s['peak_bytes'] <= 98304\n"
      "assert all(24576 <= int(c.split()[1]) <= 98304 for c in log"
      " if c.startswith('budget'))\n"
      "assert all(u <= b for _, u, b in s['memory'])\n");
}

TEST_F(SetProgram, Describe) {
  write("none", "");
  ASSERT_EQ(run("--describe >s.json; cp s.json out.txt"), 0) << err;
  checkPython("assert s['need_bytes'] == 163840 and s['least_bytes'] == 24576\n"
              "assert s['budget_bytes'] == 98304 and s['feasible'] is True\n"
              "assert 0 < s['processor_share'] < 1\n"
              "assert s['read_bytes_per_second'] >= 0\n"
              "assert s['link_bytes_per_second'] > 0\n"
              "assert 0 <= s['link_share'] < 2\n"
              "assert len(s['tasks']) == 4\n"
              "for x in s['tasks']:\n"
              "  assert len(x['plans']) == 3 and 0 <= x['plan'] < 3\n"
              "  p = x['plans'][x['plan']]\n"
              "  assert p['budget_bytes'] == x['plan_budget_bytes']\n"
              "  assert x['predicted_ms'] > 0\n"
              "assert s['tasks'][0]['plans'][1]['region_bytes'] == 24576\n");
  ASSERT_EQ(run("--help"), 0);
  EXPECT_NE(out.find("--random-changes N"), std::string::npos);
  EXPECT_NE(out.find("4 tasks of the set 'fake set'"), std::string::npos);
  ASSERT_EQ(run("--version"), 0);
  EXPECT_NE(out.find("fake set, compiled by swapc"), std::string::npos);
}

// Verifies that a set whose deadlines cannot be kept is told, and not admitted
// where that is asked for.
TEST_F(SetProgram, Infeasible) {
  environment = "FAKE_SET=infeasible";
  EXPECT_EQ(run("--admit --stats s.json"), 1);
  EXPECT_NE(err.find("not admitted: "), std::string::npos) << err;
  EXPECT_FALSE(exists("s.json"));
  EXPECT_EQ(run("--stats s.json"), 0) << err;
  EXPECT_NE(out.find("not feasible by prediction: "), std::string::npos);
  checkPython("assert isinstance(s['feasible'], str) and s['feasible']\n");
  EXPECT_EQ(run("--describe"), 0) << err;
  EXPECT_EQ(run("--strict"), 1);
  EXPECT_NE(err.find(" deadlines were missed"), std::string::npos) << err;
  environment = "";
  EXPECT_EQ(run("--admit"), 0) << err;
}

// Verifies that jobs which find no room are refused, and count as missed.
TEST_F(SetProgram, Overload) {
  environment = "FAKE_SLOW=40";
  EXPECT_EQ(run("--stats s.json --threads 1"), 0) << err;
  checkPython("x = s['tasks'][0]\n"
              "assert x['refused'] > 0 and x['missed'] >= x['refused'] + 1, x\n"
              "assert x['worst_lateness_ms'] > 0\n"
              "assert x['latency_ms']['min'] >= 40\n");
}

// Jobs that are due during the warm-up run and are not counted.
TEST_F(SetProgram, LeavesOutTheWarmUp) {
  uint64_t runs[2];
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(run(std::string("--stats s.json --duration 1s --warmup ") +
                  (i ? "700ms" : "0")),
              0)
        << err;
    checkPython("open('n.txt', 'w').write(str(sum(x['runs'] + x['refused']"
                " for x in s['tasks'] if x['name'] == 'signs')))");
    runs[i] = std::stoull(read("n.txt"));
  }
  EXPECT_GT(runs[1], 0u);
  EXPECT_LT(runs[1] * 2, runs[0]);
}

TEST_F(SetProgram, WrongUsage) {
  const std::pair<const char *, const char *> cases[] = {
      {"--frobnicate", "unknown option '--frobnicate'"},
      {"stray", "unexpected argument 'stray'"},
      {"--budget", "needs a value"},
      {"--budget 5MB", "--budget: '5MB' is not a size"},
      {"--budget 1KiB", "24576 bytes"},
      {"--duration 5", "--duration: '5' is not a time"},
      {"--duration -5s", "'-5s' is not a time"},
      {"--duration 5 parsecs", "'5' is not a time"},
      {"--warmup 2", "--warmup: '2' is not a time"},
      {"--warmup 2s --duration 2s", "--warmup: no job would count"},
      {"--io map", "'map' is none of auto, uring, thread"},
      {"--lanes many", "'many' is not a count"},
      {"--seed -1", "'-1' is not a count"},
      {"--check=1", "--check takes no value"},
      {"--stats s.json --trace s.json", "name the same file"}};
  for (const auto &[arguments, message] : cases) {
    EXPECT_EQ(run(arguments), 2) << arguments;
    EXPECT_NE(err.find(message), std::string::npos) << arguments << "\n" << err;
    EXPECT_EQ(err.rfind("FakeSetProgram: error: ", 0), 0u) << err;
    EXPECT_EQ(std::count(err.begin(), err.end(), '\n'), 1) << err;
  }
}

TEST_F(SetProgram, WrongSets) {
  const std::pair<const char *, const char *> cases[] = {
      {"priority", "task 'signs': the highest priority is 7"},
      {"depth", "task 'signs': at most 64 jobs may wait"},
      {"no-period", "task 'lanes' has no period"},
      {"same-name", "two tasks are called 'signs'"},
      {"nameless", "task 2 has no name"},
      {"bad-arrivals", "unknown kind of arrivals"},
      {"bad-budget", "the set's budget: 1.0 KiB is less than"},
      {"bad-input", "task 'signs': its model has no input 'z'; it has:\n  x\n"},
      {"unsized", "event at 0 s: '5MB' is not a size"},
      {"twice", "event at 0.005 s adds 'signs', which is there already"},
      {"absent", "event at 0.005 s removes 'spare', which is not there"},
      {"unordered", "events are not in the order of their times"},
      {"unknown", "event at 0.005 s: of no known kind or task"}};
  for (const auto &[set, message] : cases) {
    environment = std::string("FAKE_SET=") + set;
    EXPECT_EQ(run(""), 2) << set;
    EXPECT_NE(err.find(message), std::string::npos) << set << "\n" << err;
  }
}

TEST_F(SetProgram, FailedRuns) {
  write("a_file", "");
  const std::pair<const char *, const char *> cases[] = {
      {"--stats none/s.json", "none/s.json: No such file"},
      {"--trace none/t.json", "none/t.json: No such file"},
      {"--stats fake.swap", "fake.swap: it is a model's weights"},
      {"--stats /dev/full", "/dev/full: No space left"},
      {"--trace /dev/full", "/dev/full: No space left"},
      {"--weights none", "none/fake.swap: No such file or directory; --weights "
                         "says in which folder"}};
  for (const auto &[arguments, message] : cases) {
    EXPECT_EQ(run(arguments), 1) << arguments << err;
    EXPECT_NE(err.find(message), std::string::npos) << arguments << "\n" << err;
  }
  const std::pair<const char *, const char *> sets[] = {
      {"version", "compiled for another version"},
      {"no-weights", "./none.swap: No such file"},
      {"no-file", "none.npy: No such file"}};
  for (const auto &[set, message] : sets) {
    environment = std::string("FAKE_SET=") + set;
    EXPECT_EQ(run(""), 1) << set;
    EXPECT_NE(err.find(message), std::string::npos) << set << "\n" << err;
  }
  environment = "";
  std::string damaged = read("fake.swap");
  damaged[8192 + 17] ^= 1; // unit 0
  write("fake.swap", damaged);
  EXPECT_EQ(run("--stats s.json"), 1);
  EXPECT_NE(err.find("error: task 'signs', job 1: "), std::string::npos) << err;
  EXPECT_NE(err.find(" jobs failed"), std::string::npos) << err;
  EXPECT_NE(err.find("fake.swap: "), std::string::npos) << err;
  checkPython("assert s['tasks'][0]['failed'] > 0\n");
  EXPECT_EQ(run("--check"), 1);
  EXPECT_NE(err.find("task 'signs' alone: "), std::string::npos) << err;
}

// Verifies that a signal ends a set as its duration would.
TEST_F(SetProgram, EndedBySignal) {
  environment = "FAKE_SET=endless";
  for (const char *name : {"INT", "TERM"}) {
    EXPECT_EQ(
        signalled("--stats s.json --trace t.json",
                  ("sleep 0.4; kill -" + std::string(name) + " $!;").c_str()),
        "0\n")
        << err;
    EXPECT_NE(out.find("speech"), std::string::npos) << out;
    checkPython("assert 0.1 < s['duration_s'] < 5\n"
                "assert s['tasks'][0]['runs'] > 0 and t['traceEvents']\n");
    unlink((dir + "/s.json").c_str());
    unlink((dir + "/t.json").c_str());
  }
  // Once more, while jobs are waited for: at once, and nothing is left.
  environment = "FAKE_SET=endless FAKE_SLOW=3000";
  EXPECT_EQ(
      signalled("--stats s.json --trace t.json",
                "sleep 1; for i in $(seq 40); do kill -INT $!; sleep 0.2; "
                "grep -q again err.txt && break; done;"),
      "1\n");
  EXPECT_NE(err.find("interrupted again"), std::string::npos) << err;
  EXPECT_EQ(system(("cd " + dir + " && ! ls | grep json").c_str()), 0);
}

// Verifies that progress is drawn over itself on a terminal of six rows and 44
// columns, and that the table comes after it, as wide as it is.
TEST_F(SetProgram, Terminal) {
  write("draw.py", R"(
import fcntl, os, pty, re, struct, sys, termios
pid, fd = pty.fork()
if not pid:
  fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack('HHHH', 6, 44, 0, 0))
  os.execv(sys.argv[1], ['FakeSetProgram', '--weights', '.', '--check',
                         '--duration', '700ms'] + sys.argv[2:])
text = b''
while True:
  try:
    more = os.read(fd, 65536)
  except OSError:
    break
  if not more:
    break
  text += more
text = text.decode()
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, text
shown, table = text.rsplit('\x1b[J', 1) if '\x1b' in text else ('', text)
assert table.startswith('task           runs  missed'), table
assert max(map(len, table.splitlines())) > 44
if '--quiet' in sys.argv:
  assert not shown, shown
  sys.exit()
for part in ('running alone: task 4 of 4', 'memory [', ' of 0.7 s', '\r\x1b[5A'):
  assert part in shown, (part, shown)
assert '\x1b[6A' not in shown, 'of six rows one is left'
for line in shown.split('\x1b[K\r\n'):
  line = re.sub('\x1b\\[[0-9]*[AJK]', '', line).split('\r')[-1]
  assert len(line) <= 44, line
)");
  for (const char *more : {"", " --quiet"})
    EXPECT_EQ(system(("cd " + dir + " && python3 draw.py " FAKE_SET_PROGRAM +
                      more + " >python.txt 2>&1")
                         .c_str()),
              0)
        << read("python.txt");
}

TEST_F(SetProgram, StandardOutput) {
  for (const char *arguments : {"", "--describe", "--help"}) {
    run(std::string(arguments) + " >/dev/full 2>full.txt; true");
    EXPECT_NE(read("full.txt").find("standard output: No space left"),
              std::string::npos)
        << arguments;
  }
}

} // namespace
