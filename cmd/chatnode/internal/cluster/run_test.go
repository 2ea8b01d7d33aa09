package cluster

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fakeCluster makes [Run] start the test binary's fake roles.
func fakeCluster(t *testing.T) (cfg Config, pids string, out *lockedBuffer) {
	t.Helper()
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	pids, out = t.TempDir(), &lockedBuffer{}
	t.Setenv(fakeRoles, pids)
	return Config{Binary: own, Profiles: []string{ProfileNaive}, Dir: t.TempDir(), Out: out}, pids, out
}

func mustBeEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("folder after the run: got %v, %v, want it empty", left, err)
	}
}

// mustBeGone fails when any process that left its ID is still there.
func mustBeGone(t *testing.T, pids string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(pids, "*.pid"))
	if err != nil || len(files) == 0 {
		t.Fatalf("process IDs: got %v, %v, want some", files, err)
	}
	for _, f := range files {
		parts := strings.Split(filepath.Base(f), ".")
		if alive(atoi(t, parts[1])) {
			t.Errorf("%s: still runs after the run", parts[0])
		}
	}
}

func TestRunSaysWhichProcessCouldNotStart(t *testing.T) {
	cfg, pids, out := fakeCluster(t)
	if err := os.WriteFile(filepath.Join(pids, "fail"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := Run(t.Context(), cfg)
	want := "act naive: store could not start: it failed: chatnode: --listen 127.0.0.1:1: the port is in use"
	if err == nil || err.Error() != want {
		t.Errorf("error:\n got %v\nwant %s", err, want)
	}
	if got := out.take(); !strings.Contains(got, "    opening the database\n") {
		t.Errorf("output: got %q, want the last lines of the store's log", got)
	}
	mustBeEmpty(t, cfg.Dir)
	mustBeGone(t, pids)
}

func TestInterruptedRunLeavesNothing(t *testing.T) {
	cfg, pids, _ := fakeCluster(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- Run(ctx, cfg) }()
	within(t, 20*time.Second, "etcd and store to run", func() bool {
		files, _ := filepath.Glob(filepath.Join(pids, "*.pid"))
		return len(files) == 2
	})
	cancel()
	began := time.Now()
	err := next(t, "run to end", done)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "interrupted in act naive") {
		t.Errorf("error: got %v, want one that says it was interrupted", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("stopping: took %v, want at most 5s", took)
	}
	mustBeEmpty(t, cfg.Dir)
	mustBeGone(t, pids)
}

func TestRunRefusesBadInputBeforeItStarts(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for _, row := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"profile", func(c *Config) { c.Profiles = []string{"brave"} }, `profile "brave": want naive, isolated or both`},
		{"target", func(c *Config) { c.Target = "old" }, `target "old": want new or existing`},
		{"no nodes", func(c *Config) { c.Nodes = -1 }, "nodes -1: want 1 to 200"},
		{"too many APIs", func(c *Config) { c.APIs = 201 }, "apis 201: want 1 to 200"},
		{"too many users", func(c *Config) { c.Users = 200_001 }, "users 200001: want 1 to 200000"},
		{"more APIs at least than there are", func(c *Config) { c.APIMin = 4 }, "api-min 4, apis 3, api-max 6: want them in this order"},
		{"fewer APIs at most than there are", func(c *Config) { c.APIMax = 2 }, "api-min 3, apis 3, api-max 2: want them in this order"},
		{"poison", func(c *Config) { c.Poison = -time.Second }, "poison -1s: want a duration up to 1h"},
		{"boot", func(c *Config) { c.Boot = 2 * time.Hour }, "boot 2h0m0s: want a duration up to 1h"},
		{"folder", func(c *Config) { c.Dir = missing }, missing},
		{"results", func(c *Config) { c.JSONFile = filepath.Join(missing, "out.json") }, missing},
		{"ready file", func(c *Config) { c.ReadyFile = filepath.Join(missing, "ready.json") }, missing},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg, pids, _ := fakeCluster(t)
			row.change(&cfg)
			err := Run(t.Context(), cfg)
			if err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error: got %v, want one line with %q", err, row.want)
			}
			if files, _ := filepath.Glob(filepath.Join(pids, "*")); len(files) > 0 {
				t.Errorf("processes: got %v, want none started", files)
			}
		})
	}
}

func TestOldReadyFileIsRemovedBeforeAnythingStarts(t *testing.T) {
	cfg, pids, _ := fakeCluster(t)
	cfg.ReadyFile = filepath.Join(t.TempDir(), "ready.json")
	for _, path := range []string{cfg.ReadyFile, filepath.Join(pids, "fail")} {
		if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Run(t.Context(), cfg); err == nil {
		t.Error("run: got no error, want that of the store")
	}
	if _, err := os.Stat(cfg.ReadyFile); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("ready file of an earlier run: got %v, want it gone", err)
	}
}

func TestDefaults(t *testing.T) {
	got := Config{}.withDefaults()
	if got.Nodes != 6 || got.APIs != 3 || got.Users != 2000 || got.Poison != 2*time.Second || got.Boot != 3*time.Second ||
		got.Target != TargetNew || len(got.Profiles) != 2 || got.Profiles[0] != ProfileNaive || got.Dir == "" || got.Out == nil {
		t.Errorf("defaults: got %+v, want 6 nodes, 3 APIs, 2,000 users, 2 s, 3 s", got)
	}
	if err := (Config{}).Validate(); err != nil {
		t.Errorf("zero configuration: got %v, want it valid", err)
	}
	for users, rate := range map[int]int{1: 50, 400: 100, 2000: 500, 100_000: 500} {
		if got := (Config{Users: users}).connectRate(); got != rate {
			t.Errorf("connect rate of %d users: got %d, want %d", users, got, rate)
		}
	}
}
