package store

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

// crashFolder names the folder that the child process fills.
const crashFolder = "FIREBREAK_TEST_CRASH_FOLDER"

const crashUsers = 24 * batchRecords

// A process that is killed while it fills leaves whole batches only, and the
// next one goes on from there.
func TestKilledWhileFilling(t *testing.T) {
	if folder := os.Getenv(crashFolder); folder != "" {
		fillUntilKilled(t, folder)
		return
	}
	folder := t.TempDir()
	for round := range 3 {
		killAfterBatch(t, folder)
		d := open(t, folder)
		m, _, err := d.stats()
		if err != nil || m.Users == 0 || m.Users%batchRecords != 0 {
			t.Fatalf("round %d: got %d users, %v, want whole batches of %d", round, m.Users, err, batchRecords)
		}
		t.Logf("round %d: %d users", round, m.Users)
		checkContent(t, d, 1)
		if err := d.close(); err != nil {
			t.Fatalf("close: %v", err)
		}
	}
	checkContent(t, filled(t, folder, meta{Seed: 1, Users: crashUsers, Guilds: 50}), 1)
}

func fillUntilKilled(t *testing.T, folder string) {
	t.Helper()
	log := zerolog.New(writerFunc(func([]byte) { fmt.Fprintln(os.Stderr, "batch") }))
	d := open(t, folder)
	if _, err := d.fill(t.Context(), meta{Seed: 1, Users: crashUsers, Guilds: 50}, log); err != nil {
		t.Fatalf("fill: %v", err)
	}
	fmt.Fprintln(os.Stderr, "batch: that was all of them")
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent kills, or dies
}

// killAfterBatch starts a child on the folder, and kills it as soon as it has
// reported two batches, which is in the middle of a later one.
func killAfterBatch(t *testing.T, folder string) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledWhileFilling$")
	child.Env = append(os.Environ(), crashFolder+"="+folder)
	_, stdinErr := child.StdinPipe()
	report, err := child.StderrPipe()
	if err = errors.Join(err, stdinErr); err != nil {
		t.Fatalf("pipe: %v", err)
	}
	if err := child.Start(); err != nil {
		t.Fatalf("start the child: %v", err)
	}
	lines := bufio.NewScanner(report)
	for seen := 0; seen < 2 && lines.Scan(); {
		if strings.Contains(lines.Text(), "batch") {
			seen++
		}
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatalf("kill the child: %v", err)
	}
	_ = child.Wait() // "signal: killed"
}
