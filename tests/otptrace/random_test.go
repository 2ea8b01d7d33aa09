package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestModesAgree: what the machine alone makes of random scenarios, real supervisors make of them. OTPTRACE_SEEDS says how
// many; each failure tells its seed.
func TestModesAgree(t *testing.T) {
	seeds := 40
	if text := os.Getenv("OTPTRACE_SEEDS"); text != "" {
		var err error
		if seeds, err = strconv.Atoi(text); err != nil {
			t.Fatalf("OTPTRACE_SEEDS: %v", err)
		}
	}
	for seed := range seeds {
		scenario := randomScenario(uint64(seed))
		var want, got bytes.Buffer
		if err := run(strings.NewReader(scenario), &want); err != nil {
			t.Fatalf("seed %d: machine: %v\n%s", seed, err, scenario)
		}
		if err := runLive(t, strings.NewReader(scenario), &got); err != nil {
			t.Fatalf("seed %d: actors: %v\n%s", seed, err, scenario)
		}
		if got.String() != want.String() {
			t.Errorf("seed %d: actors (got) and machine (want) differ:\n%s\n%s", seed, difference(got.String(), want.String()), scenario)
		}
	}
}

// author writes a scenario.
type author struct {
	random   *rand.Rand
	text     strings.Builder
	names    int
	workers  []string
	branches []string
	dynamic  map[string]bool
}

func randomScenario(seed uint64) string {
	a := &author{random: rand.New(rand.NewPCG(seed, 1)), dynamic: map[string]bool{}}
	a.supervisor(rootPath, 0)
	now := 0
	for range 10 + a.random.IntN(30) {
		now += a.pick("0", "0", "100", "700", "1000", "3000")
		fmt.Fprintf(&a.text, "at %d %s\n", now, a.command())
	}
	return a.text.String()
}

// one returns one of the words.
func (a *author) one(words ...string) string { return words[a.random.IntN(len(words))] }

func (a *author) pick(numbers ...string) int {
	n, _ := strconv.Atoi(a.one(numbers...))
	return n
}

func (a *author) supervisor(path string, depth int) {
	strategies := []string{"one_for_one", "one_for_all", "rest_for_one"}
	if depth > 0 {
		strategies = append(strategies, "simple_one_for_one")
	}
	strategy, auto := a.one(strategies...), a.one("never", "never", "any_significant", "all_significant")
	fmt.Fprintf(&a.text, "sup %s %s %d %d auto=%s", path, strategy, a.random.IntN(4), 1+a.random.IntN(5), auto)
	if depth > 0 {
		fmt.Fprintf(&a.text, " restart=%s", a.one("permanent", "permanent", "transient", "temporary"))
	}
	a.branches = append(a.branches, path)
	if strategy == "simple_one_for_one" {
		a.dynamic[path] = true
		fmt.Fprintln(&a.text, a.options("c", auto != "never"))
		return
	}
	a.text.WriteByte('\n')
	for range 1 + a.random.IntN(4) {
		a.names++
		name := path + "/" + fmt.Sprintf("n%d", a.names)
		if depth < 3 && a.random.IntN(4) == 0 {
			a.supervisor(name, depth+1)
			continue
		}
		fmt.Fprintf(&a.text, "child %s%s\n", name, a.options("", auto != "never"))
		a.workers = append(a.workers, name)
	}
}

// options are those of a worker.
func (a *author) options(prefix string, significance bool) string {
	restart := a.one("permanent", "permanent", "transient", "temporary")
	text := fmt.Sprintf(" %srestart=%s", prefix, restart)
	if significance && restart != "permanent" && a.random.IntN(2) == 0 {
		text += fmt.Sprintf(" %ssignificant=true", prefix)
	}
	switch a.random.IntN(6) {
	case 0:
		text += fmt.Sprintf(" %sshutdown=%s", prefix, a.one("brutal_kill", "brutal_kill", "0"))
	case 1:
		text += fmt.Sprintf(" %sshutdown=infinity %sstop=slow:5", prefix, prefix)
	case 2:
		text += fmt.Sprintf(" %sshutdown=%d %sstop=ignore", prefix, 10+a.random.IntN(20), prefix)
	case 3:
		text += fmt.Sprintf(" %sshutdown=20 %sstop=slow:%s", prefix, prefix, a.one("5", "20", "30"))
	case 4:
		text += fmt.Sprintf(" %sstop=exit:%s", prefix, a.one("normal", "bye", "shutdown:x"))
	}
	return text
}

func (a *author) reason() string {
	return a.one("boom", "boom", "boom", "kill", "normal", "shutdown", "shutdown:x")
}

// child is the path of a worker, or, now and then, of something else.
func (a *author) child() string {
	branch := a.one(a.branches...)
	switch {
	case a.dynamic[branch]:
		return fmt.Sprintf("%s/x%d", branch, 1+a.random.IntN(3))
	case len(a.workers) == 0 || a.random.IntN(10) == 0:
		return branch + "/new"
	}
	return a.one(a.workers...)
}

func (a *author) command() string {
	switch a.random.IntN(20) {
	case 0, 1:
		return fmt.Sprintf("fail %s %d", a.one(a.child(), a.child(), a.nested()), 1+a.random.IntN(3))
	case 2:
		return fmt.Sprintf("ignore %s %d", a.child(), 1+a.random.IntN(2))
	case 3:
		return a.one("terminate", "restart", "delete", "start") + " " + a.one(a.child(), a.nested())
	case 4:
		return fmt.Sprintf("start %s restart=%s", a.child(), a.one("permanent", "transient", "temporary"))
	case 5:
		return a.one("which", "count") + " " + a.one(a.branches...)
	case 6, 7:
		return "startdyn " + a.child()
	case 8, 9, 10:
		return a.mix()
	case 11, 12:
		return a.burst()
	case 13:
		return a.one("count "+rootPath, "count "+rootPath, "count "+rootPath, "stop")
	}
	return fmt.Sprintf("crash %s %s", a.child(), a.reason())
}

// nested is the path of a supervisor below another, or of a worker if there is none.
func (a *author) nested() string {
	if len(a.branches) == 1 {
		return a.child()
	}
	return a.one(a.branches[1:]...)
}

// burst is of children of one supervisor.
func (a *author) burst() string {
	above, _ := split(a.child())
	text := "burst"
	for range 2 + a.random.IntN(3) {
		if path := a.child(); strings.HasPrefix(path, above+"/") && strings.Count(path, "/") == strings.Count(above, "/")+1 {
			text += " " + path + " " + a.reason()
		}
	}
	if text == "burst" {
		return "count " + rootPath
	}
	return text
}

func (a *author) mix() string {
	first := a.child()
	above, name := split(first)
	text := fmt.Sprintf("mix %s crash:%s:%s", above, name, a.reason())
	for range 1 + a.random.IntN(4) {
		other, sibling := split(a.child())
		if other != above || a.random.IntN(3) == 0 {
			sibling = name
		}
		text += " " + a.one("crash:"+sibling+":"+a.reason(), "terminate:"+sibling, "restart:"+sibling, "delete:"+sibling,
			"start:"+sibling, "which", "count")
	}
	return text
}
