//go:build unix

package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/firebreak-go/firebreak/tests/cluster/verdict"
)

// small are the flags of a demo that two cores play in seconds.
func small(more ...string) []string {
	return append([]string{"demo", "--headless", "--nodes=3", "--apis=2", "--users=50", "--poison=1s", "--boot=1s", "--seed=7"}, more...)
}

func TestDemoShowsTheCascadeAndItsAbsence(t *testing.T) {
	for _, target := range []string{"new", "existing"} {
		t.Run("target "+target, func(t *testing.T) {
			folder := t.TempDir()
			file := filepath.Join(t.TempDir(), "report.json")
			got := start(t, nil, small("--target="+target, "--json="+file, "--dir="+folder)...).wait(t)
			if got.code != 0 {
				t.Fatalf("exit code: got %d, want 0\n%s\n%s", got.code, got.stdout, got.stderr)
			}
			report, err := verdict.Read(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, fault := range report.Faults() {
				t.Errorf("seed 7: %s", fault)
			}
			if len(report.Acts) != 2 || report.Acts[0].Profile != "naive" || report.Acts[1].Profile != "isolated" {
				t.Errorf("acts: got %+v, want naive, then isolated", report.Acts)
			}
			for _, act := range report.Acts {
				if act.Poison.Target != target || act.Nodes != 3 || act.Users != 50 {
					t.Errorf("%s: got target %q, %d nodes, %d users; want %q, 3, 50", act.Profile, act.Poison.Target, act.Nodes, act.Users, target)
				}
			}
			for _, word := range []string{"naive", "isolated"} {
				if !strings.Contains(got.stdout, word) {
					t.Errorf("output: got no %q, want a table with both acts:\n%s", word, got.stdout)
				}
			}
			wantEmpty(t, folder)
			if t.Failed() {
				t.Logf("output:\n%s\n%s", got.stdout, got.stderr)
			}
		})
	}
}

// wantEmpty checks that a folder holds nothing.
func wantEmpty(t *testing.T, folder string) {
	t.Helper()
	left, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("%s: got %v left behind, want nothing", folder, left)
	}
}
