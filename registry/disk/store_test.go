package disk_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/disk"
)

const directory = "/services/api/"

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func open(t *testing.T, edit func(*disk.Config)) (*disk.Store, string) {
	t.Helper()
	cfg := disk.Config{Folder: filepath.Join(t.TempDir(), "saved")}
	edit(&cfg)
	s, err := disk.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s, cfg.Folder
}

// snapshot is of a view that serves n instances.
func snapshot(t *testing.T, n int) *registry.Snapshot {
	t.Helper()
	v := registry.NewView(directory, registry.Config{})
	l := registry.Listing{Index: 50, Cluster: "one"}
	for i := range n {
		l.Entries = append(l.Entries, registry.Entry{Key: fmt.Sprintf("%sk%02d", directory, i), Value: "{}", Index: registry.Index(i + 1)})
	}
	v.Resync(l, now)
	for i, e := range l.Entries {
		in := registry.Instance{
			Version: 1, Service: "api", ID: fmt.Sprintf("k%02d", i), Host: "10.0.0.7", Port: 1 + i,
			Weight: 100, State: registry.StateUp, Meta: map[string]string{"a": "\x00<>\u2028"},
		}
		v.Accept(e.Key, e.Index, in, now)
	}
	return v.Snapshot(now)
}

func save(t *testing.T, s *disk.Store, snapshot *registry.Snapshot, at time.Time) {
	t.Helper()
	if err := s.Save(snapshot, at); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestSaveAndLoad(t *testing.T) {
	s, _ := open(t, func(*disk.Config) {})
	if got, err := s.Load(directory, now); got != nil || !errors.Is(err, disk.ErrNothing) {
		t.Errorf("load of nothing: got %v, %v, want ErrNothing", got, err)
	}
	saved := snapshot(t, 3)
	save(t, s, saved, now.Add(time.Second))
	got, err := s.Load(directory, now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if got.Directory != directory || got.Cluster != "one" || got.Index != 50 || got.Generation != saved.Generation ||
		!got.At.Equal(now.Add(time.Second)) || got.Rows.Len() != 3 {
		t.Errorf("loaded: got %+v, want what was saved, at the time of the save", got)
	}
	for i, row := range slices.Collect(got.Rows.All()) {
		want := slices.Collect(saved.Rows.All())[i]
		if row.Key != want.Key || !row.Instance.Equal(want.Instance) || row.Index != want.Index || !row.Since.Equal(want.Since) ||
			row.Origin != registry.OriginDisk || row.Status != registry.StatusLive {
			t.Errorf("row: got %+v, want %+v, from disk", row, want)
		}
	}
}

// A restored view serves, marked, until the registry speaks.
func TestRestore(t *testing.T) {
	s, _ := open(t, func(*disk.Config) {})
	save(t, s, snapshot(t, 2), now)
	loaded, err := s.Load(directory, now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	v := registry.NewView(directory, registry.Config{})
	v.Restore(loaded)
	if got := v.Snapshot(now); got.Len() != 2 || slices.Collect(got.Rows.All())[0].Origin != registry.OriginDisk {
		t.Errorf("restored: got %+v, want two rows from disk", got)
	}
	later := now.Add(time.Hour)
	v.Resync(registry.Listing{Index: 60, Cluster: "one", Entries: []registry.Entry{
		{Key: slices.Collect(loaded.Rows.All())[0].Key, Value: "{}", Index: 1}, {Key: slices.Collect(loaded.Rows.All())[1].Key, Index: 55},
	}}, later)
	v.Accept(slices.Collect(loaded.Rows.All())[0].Key, 1, slices.Collect(loaded.Rows.All())[0].Instance, later)
	v.Reject(slices.Collect(loaded.Rows.All())[1].Key, 55, &registry.Fault{Class: registry.ClassEmpty}, later)
	got := v.Snapshot(later)
	if slices.Collect(got.Rows.All())[0].Origin != registry.OriginRegistry || slices.Collect(got.Rows.All())[0].Status != registry.StatusLive {
		t.Errorf("confirmed row: got %+v, want it live, from the registry", slices.Collect(got.Rows.All())[0])
	}
	if slices.Collect(got.Rows.All())[1].Origin != registry.OriginDisk || slices.Collect(got.Rows.All())[1].Status != registry.StatusQuarantinedCached {
		t.Errorf("row of a bad key: got %+v, want it cached, from disk", slices.Collect(got.Rows.All())[1])
	}
}

func TestSaveKeepsAFew(t *testing.T) {
	s, folder := open(t, func(c *disk.Config) { c.Keep = 2 })
	other := snapshot(t, 1)
	other.Directory = "/other/api/"
	other.Rows = registry.Rows{}
	save(t, s, other, now)
	for i := range 5 {
		save(t, s, snapshot(t, i), now.Add(time.Duration(i)*time.Second))
	}
	if got := names(t, folder); len(got) != 3 {
		t.Errorf("files: got %v, want two and the other directory's", got)
	}
	if got, err := s.Load(directory, now); err != nil || got.Rows.Len() != 4 {
		t.Errorf("load: got %+v, %v, want the newest", got, err)
	}
}

func TestSaveRefusesDoubt(t *testing.T) {
	s, folder := open(t, func(c *disk.Config) { c.MaxBytes = 1000 })
	doubted := snapshot(t, 1)
	doubted.Guards = []registry.GuardState{{Guard: registry.GuardExpiry}}
	if err := s.Save(doubted, now); !errors.Is(err, disk.ErrGuarded) {
		t.Errorf("save of a view in doubt: got %v, want ErrGuarded", err)
	}
	if err := s.Save(snapshot(t, 20), now); err == nil || !strings.Contains(err.Error(), "1000") {
		t.Errorf("save of too much: got %v, want an error that names the limit", err)
	}
	if got := names(t, folder); len(got) != 0 {
		t.Errorf("files: got %v, want none", got)
	}
}

// What is wrong with a file is said in one line, and the older one is loaded.
func TestLoadRefuses(t *testing.T) {
	for _, test := range []struct {
		name   string
		damage func(data []byte) []byte
		want   string
	}{
		{"empty", func([]byte) []byte { return nil }, "is not one of ours"},
		{"foreign", func([]byte) []byte { return []byte("\x7fELF") }, "is not one of ours"},
		{"another version", func(d []byte) []byte { return bytes.Replace(d, []byte("good 1"), []byte("good 2"), 1) }, "another version"},
		{"cut in the checksum", func(d []byte) []byte { return d[:40] }, "is cut off"},
		{"cut in the rows", func(d []byte) []byte { return d[:len(d)-9] }, "is damaged"},
		{"one bit", func(d []byte) []byte { d[len(d)-20] ^= 1; return d }, "is damaged"},
		{"too long", func(d []byte) []byte { return append(d, make([]byte, 5000)...) }, "is longer"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, folder := open(t, func(c *disk.Config) { c.MaxBytes = 4000 })
			save(t, s, snapshot(t, 1), now)
			save(t, s, snapshot(t, 2), now)
			path := filepath.Join(folder, names(t, folder)[1])
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, test.damage(data), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := s.Load(directory, now)
			if got == nil || got.Rows.Len() != 1 {
				t.Errorf("load: got %+v, want the older file", got)
			}
			if !errors.Is(err, disk.ErrRefused) || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error: got %v, want one line with %q", err, test.want)
			}
		})
	}
}

func TestLoadRefusesTheOld(t *testing.T) {
	s, _ := open(t, func(*disk.Config) {})
	save(t, s, snapshot(t, 1), now)
	if got, err := s.Load(directory, now.Add(24*time.Hour)); got == nil || err != nil {
		t.Errorf("a day old: got %v, %v, want it", got, err)
	}
	if got, err := s.Load(directory, now.Add(24*time.Hour+time.Second)); got != nil || !errors.Is(err, disk.ErrRefused) {
		t.Errorf("older: got %v, %v, want it refused", got, err)
	}
	if got, err := s.Load(directory, now.Add(-time.Hour)); got == nil || err != nil {
		t.Errorf("a clock that went back: got %v, %v, want it", got, err)
	}
}

// What a process left that ended while it saved is not loaded, and goes.
func TestOrphansGo(t *testing.T) {
	s, folder := open(t, func(*disk.Config) {})
	orphan := filepath.Join(folder, ".saving-123")
	if err := os.WriteFile(orphan, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(directory, now); !errors.Is(err, disk.ErrNothing) {
		t.Errorf("load: got %v, want ErrNothing", err)
	}
	save(t, s, snapshot(t, 1), time.Now())
	if _, err := os.Stat(orphan); err != nil {
		t.Errorf("a young one: got %v, want it left alone", err)
	}
	save(t, s, snapshot(t, 1), time.Now().Add(2*time.Hour))
	if _, err := os.Stat(orphan); err == nil {
		t.Error("an old one: got it, want it gone")
	}
}

func TestConfig(t *testing.T) {
	for name, cfg := range map[string]disk.Config{
		"no folder": {}, "negative keep": {Folder: "x", Keep: -1}, "negative age": {Folder: "x", MaxAge: -1},
	} {
		if _, err := disk.Open(cfg); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}
