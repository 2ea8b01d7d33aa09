package browser

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

const root = "../.."

// built are the programs that the tests run; their folder goes when all tests are over.
var built struct {
	once sync.Once
	dir  string
	err  error
}

// program is the path of "chatnode" or "synth", built when the first test asks.
func program(tb testing.TB, name string) string {
	tb.Helper()
	if runtime.GOOS == "windows" {
		tb.Skip("the demo runs on Linux and macOS")
	}
	built.once.Do(func() {
		built.dir, built.err = os.MkdirTemp("", "firebreak-browser-test-") //nolint:usetesting // outlives the test that asks first
		if built.err == nil {
			built.err = build(built.dir, "./cmd/chatnode", "./cmd/chatnode/internal/page/synth")
		}
	})
	if built.err != nil {
		tb.Fatal(built.err)
	}
	touchSources(tb)
	return filepath.Join(built.dir, name)
}

func build(folder string, packages ...string) error {
	command := exec.Command("go", append([]string{"build", "-o", folder + string(filepath.Separator)}, packages...)...)
	command.Dir = root
	if out, err := command.CombinedOutput(); err != nil {
		return errors.Join(err, errors.New(string(out)))
	}
	return nil
}

// touchSources looks at every source file: the test cache must know that the
// result depends on them, and sees only what the test itself opens.
func touchSources(tb testing.TB) {
	tb.Helper()
	for _, folder := range []string{"actors", "cmd", "registry", "supervision"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				_, err = os.Stat(path)
			}
			return err
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// demo starts the built binary with a page, and returns the page's address. It
// is interrupted, and waited for, at the test's end.
func demo(tb testing.TB, arguments ...string) string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	command := exec.CommandContext(ctx, program(tb, "chatnode"), append([]string{"demo", "--page=127.0.0.1:0"}, arguments...)...)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 30 * time.Second
	out, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		cancel()
		tb.Fatal(err)
	}
	address := make(chan string, 1)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		defer close(address)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if _, found, ok := strings.Cut(lines.Text(), "the page: "); ok {
				address <- strings.Fields(found)[0]
			}
		}
	}()
	tb.Cleanup(func() {
		cancel()
		<-drained
		_ = command.Wait() // it was interrupted
	})
	found, ok := <-address
	if !ok {
		tb.Fatalf("chatnode demo %v: ended before it said where its page is", arguments)
	}
	return found
}

// recording writes a made-up run of so many frames.
func recording(tb testing.TB, flags ...string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "run.jsonl")
	file, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close()
	command := exec.Command(program(tb, "synth"), flags...)
	command.Stdout, command.Stderr = file, os.Stderr
	if err := command.Run(); err != nil {
		tb.Fatalf("synth %v: got %v, want a recording", flags, err)
	}
	return path
}
