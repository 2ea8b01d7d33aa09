package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// mode is a way to print a trace.
type mode struct {
	name string
	run  func(t *testing.T, in io.Reader, out io.Writer) error
}

func modes() []mode {
	return []mode{
		{"machine", func(_ *testing.T, in io.Reader, out io.Writer) error { return run(in, out) }},
		{"actors", runLive},
	}
}

// TestTraces compares our traces of every scenario, from the machine alone and from real supervisors, with that of OTP.
func TestTraces(t *testing.T) {
	for _, folder := range []struct {
		name  string
		count int
	}{{"conf", 83}, {"corpus", 100}} {
		files, err := filepath.Glob(filepath.Join("testdata", folder.name, "*.scn"))
		if err != nil || len(files) != folder.count {
			t.Errorf("scenarios in %s: got %d (%v), want %d", folder.name, len(files), err, folder.count)
		}
		for _, file := range files {
			for _, m := range modes() {
				t.Run(strings.TrimSuffix(filepath.Base(file), ".scn")+"/"+m.name, func(t *testing.T) { m.compare(t, file) })
			}
		}
	}
}

func (m mode) compare(t *testing.T, file string) {
	t.Helper()
	scn, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(strings.TrimSuffix(file, ".scn") + ".trace")
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := m.run(t, bytes.NewReader(scn), &got); err != nil {
		t.Fatalf("run %s: %v", file, err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s: our trace is not OTP's\n%s", file, difference(got.String(), string(want)))
	}
}

// difference shows where two traces part, with what they have in common before.
func difference(got, want string) string {
	const before, after = 6, 4
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	same := 0
	for same < len(g) && same < len(w) && g[same] == w[same] {
		same++
	}
	var b strings.Builder
	for _, line := range g[max(same-before, 0):same] {
		b.WriteString("      " + line + "\n")
	}
	for _, side := range []struct {
		mark  string
		lines []string
	}{{"got   ", g}, {"want  ", w}} {
		for _, line := range side.lines[same:min(same+after, len(side.lines))] {
			b.WriteString(side.mark + line + "\n")
		}
	}
	return b.String()
}

// TestSupervisorStartedAgain: a supervisor that was deleted comes back with its subtree, and its child's end is its own.
func TestSupervisorStartedAgain(t *testing.T) {
	const scenario = `
sup r one_for_one 1 5
sup r/s one_for_all 0 5 auto=any_significant
child r/s/a restart=transient significant=true
at 0 terminate r/s
at 0 delete r/s
at 0 start r/s restart=temporary
at 7 mix r/s crash:a:shutdown:x which`
	const want = `@0 start r #1
@0 start r/s #1
@0 start r/s/a #1
@0 > terminate r/s
@0 exit r/s/a #1 shutdown
@0 exit r/s #1 shutdown
@0 < ok
@0 > delete r/s
@0 < ok
@0 > start r/s restart=temporary
@0 start r/s #2
@0 start r/s/a #2
@0 < ok:pid
@7 > mix r/s crash:a:shutdown:x which
@7 exit r/s/a #2 shutdown:x
@7 exit r/s #2 shutdown
@7 < which nosup
@7 state r [] specs=0 active=0 supervisors=0 workers=0
@7 state r/s down
@7 end alive
`
	for _, m := range modes() {
		var got bytes.Buffer
		if err := m.run(t, strings.NewReader(scenario), &got); err != nil || got.String() != want {
			t.Errorf("trace of %s (error %v):\n%s", m.name, err, difference(got.String(), want))
		}
	}
}
