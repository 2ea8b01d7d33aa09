//go:build unix

package chaos

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// What a run may be told; see the package comment.
var (
	seedFlag     = flag.Uint64("chaos.seed", 0, "seed of the first chaos run; 0 draws one")
	durationFlag = flag.Duration("chaos.duration", 4*time.Second, "how long each chaos run makes trouble, at least")
	runsFlag     = flag.Int("chaos.runs", 1, "how many chaos runs, each with the next seed")
)

// callLimit bounds what a test asks a healthy etcd for, on a busy machine.
const callLimit = 30 * time.Second

// built is the binary; its folder goes when all tests are over.
var built struct {
	once sync.Once
	dir  string
	err  error
}

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// chatnode returns the path of the binary and builds it when it is first asked for.
func chatnode(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		built.dir, built.err = os.MkdirTemp("", "firebreak-chaos-test-") //nolint:usetesting // outlives the test that asks first
		if built.err != nil {
			return
		}
		cmd := exec.Command("go", "build", "-o", filepath.Join(built.dir, "chatnode"), "./cmd/chatnode")
		cmd.Dir = filepath.Join("..", "..")
		if out, err := cmd.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("go build ./cmd/chatnode: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "chatnode")
}

// withoutFlags drops the variables that stand for the binary's flags.
func withoutFlags(env []string) []string {
	var kept []string
	for _, v := range env {
		if !strings.HasPrefix(v, "FIREBREAK_") {
			kept = append(kept, v)
		}
	}
	return kept
}
