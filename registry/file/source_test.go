package file_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/file"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

const api = "/services/api/"

// Real time: what a file system says of its files is in no bubble.
func TestConforms(t *testing.T) {
	needCase(t)
	registrytest.Run(t, underTest(file.Config{Poll: 5 * time.Millisecond, Wait: 300 * time.Millisecond}))
}

// A Next that waits for a minute is seen to wake within a second.
func TestConformsInBubble(t *testing.T) {
	needCase(t)
	registrytest.RunInBubble(t, underTest(file.Config{}))
}

// needCase skips where "a" and "A" are one file: the suite needs both keys.
func needCase(t *testing.T) {
	t.Helper()
	folder := t.TempDir()
	write(t, filepath.Join(folder, "a"), "")
	if _, err := os.Stat(filepath.Join(folder, "A")); err == nil {
		t.Skip("file names are not case sensitive here")
	}
}

func underTest(cfg file.Config) func(t *testing.T) registrytest.Registry {
	return func(t *testing.T) registrytest.Registry {
		t.Helper()
		cfg.Root = t.TempDir()
		source := open(t, cfg)
		path := func(key string) string { return filepath.Join(cfg.Root, filepath.FromSlash(key)) + ".json" }
		return registrytest.Registry{
			Source: source, NoTTL: true,
			Put: func(ctx context.Context, key, raw string, _ time.Duration) error {
				return errors.Join(ctx.Err(), replace(path(key), raw))
			},
			Remove: func(ctx context.Context, key string) error { return errors.Join(ctx.Err(), os.Remove(path(key))) },
		}
	}
}

func open(t *testing.T, cfg file.Config) *file.Source {
	t.Helper()
	source, err := file.New(cfg)
	if err != nil {
		t.Fatalf("New: got %v, want no error", err)
	}
	return source
}

// replace writes beside and renames, as one should.
func replace(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	beside := filepath.Join(filepath.Dir(path), "."+filepath.Base(path))
	return errors.Join(os.WriteFile(beside, []byte(text), 0o600), os.Rename(beside, path))
}

// write writes in place, as one should not.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// tree is a root with records a and b of the service api.
type tree struct {
	root, folder string
	source       *file.Source
	after        registry.Index
}

func plant(t *testing.T, cfg file.Config) *tree {
	t.Helper()
	cfg.Root, cfg.Poll, cfg.Wait = t.TempDir(), time.Millisecond, 50*time.Millisecond
	tr := &tree{root: cfg.Root, folder: filepath.Join(cfg.Root, "services", "api"), source: open(t, cfg)}
	write(t, tr.path("a.json"), "one")
	write(t, tr.path("b.json"), "two")
	tr.expect(t, "at first", "a=one b=two")
	return tr
}

func (tr *tree) path(name string) string { return filepath.Join(tr.folder, name) }

// expect compares a listing, written as "id=value id=value".
func (tr *tree) expect(t *testing.T, when, want string) {
	t.Helper()
	l, err := tr.source.List(t.Context(), api)
	if err != nil {
		t.Errorf("list %s: got error %v, want none", when, err)
		return
	}
	var got []string
	for _, e := range l.Entries {
		got = append(got, strings.TrimPrefix(e.Key, api)+"="+e.Value)
		if e.Index > l.Index || e.TTL != 0 {
			t.Errorf("list %s: got %s at %d for %v, want it at %d at most, for ever", when, e.Key, e.Index, e.TTL, l.Index)
		}
	}
	if text := strings.Join(got, " "); text != want || l.Index < tr.after {
		t.Errorf("list %s: got %q at %d, want %q at %d at least", when, text, l.Index, want, tr.after)
	}
	if l.Missing != (when == "missing") || l.Cluster != "file:"+filepath.ToSlash(tr.root) {
		t.Errorf("list %s: got missing %t of cluster %s", when, l.Missing, l.Cluster)
	}
	tr.after = l.Index
}

// next expects a change, written as "kind id=value".
func (tr *tree) next(t *testing.T, want string) {
	t.Helper()
	c, err := tr.source.Next(t.Context(), api, tr.after)
	got := fmt.Sprintf("%v %s=%s", c.Kind, strings.TrimPrefix(c.Entry.Key, api), c.Entry.Value)
	if errors.Is(err, registry.ErrQuiet) {
		got = "quiet"
	} else if err != nil {
		got = err.Error()
	}
	if got != want {
		t.Fatalf("next: got %.100q, want %.100q", got, want)
	}
	if err == nil {
		tr.after = c.Index
	}
}

// What is wrong with a file is its own key's matter.
func TestBadFiles(t *testing.T) {
	tr := plant(t, file.Config{})
	write(t, tr.path("a.json"), `{"v":1,"serv`)
	tr.next(t, `put a={"v":1,"serv`)
	long := strings.Repeat("x", registry.MaxValueBytes+1)
	write(t, tr.path("a.json"), long+"yyy")
	tr.next(t, "put a="+long)
	if err := errors.Join(os.Remove(tr.path("a.json")), os.Symlink("nowhere", tr.path("a.json"))); err != nil {
		t.Skip(err)
	}
	tr.next(t, "put a=")
	tr.expect(t, "with a link to nowhere", "a= b=two")
	write(t, tr.path("nowhere"), "three")
	tr.next(t, "put a=three")

	if os.Getuid() > 0 {
		if err := os.Chmod(tr.path("b.json"), 0); err != nil {
			t.Fatal(err)
		}
		tr.next(t, "put b=")
	}
}

// What people, editors and deployments leave beside the records is no record.
func TestLeftOut(t *testing.T) {
	tr := plant(t, file.Config{})
	for _, name := range []string{".a.json", "a.json~", "a.json.bak", "README", ".json", "#a.json#", "sub.json/c.json", "..data/d.json"} {
		write(t, tr.path(name), "x")
	}
	if socket, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", tr.path("pipe.json")); err == nil {
		defer func() { _ = socket.Close() }()
	}
	tr.next(t, "quiet")
	tr.expect(t, "with much beside", "a=one b=two")
}

// TestConfigMap: all files are links into a folder that is swapped.
func TestConfigMap(t *testing.T) {
	tr := plant(t, file.Config{})
	swap := func(version string) {
		t.Helper()
		next := tr.path("..next")
		if err := errors.Join(os.Symlink(version, next), os.Rename(next, tr.path("..data"))); err != nil {
			t.Skip(err)
		}
	}
	for _, id := range []string{"a", "b"} {
		write(t, tr.path("..1/"+id+".json"), "old")
		write(t, tr.path("..2/"+id+".json"), "new")
	}
	swap("..1")
	for _, id := range []string{"a", "b"} {
		beside := tr.path("." + id)
		if err := errors.Join(os.Symlink("..data/"+id+".json", beside), os.Rename(beside, tr.path(id+".json"))); err != nil {
			t.Fatal(err)
		}
	}
	tr.expect(t, "before the swap", "a=old b=old")
	swap("..2")
	tr.next(t, "put a=new")
	tr.next(t, "put b=new")
	tr.next(t, "quiet")
}

// TestGone: what one removes is deleted; what goes at a stroke explains nothing.
func TestGone(t *testing.T) {
	away := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Run("a file, and another", func(t *testing.T) {
		tr := plant(t, file.Config{})
		away(t, os.Remove(tr.path("a.json")))
		tr.next(t, "deleted a=")
		away(t, os.Remove(tr.path("b.json")))
		tr.next(t, "deleted b=")
		tr.expect(t, "emptied", "")
	})
	t.Run("all files", func(t *testing.T) {
		tr := plant(t, file.Config{})
		away(t, errors.Join(os.Remove(tr.path("a.json")), os.Remove(tr.path("b.json"))))
		tr.next(t, "directory =")
		tr.next(t, "quiet")
		tr.expect(t, "emptied", "")
	})
	t.Run("what was mounted, with its only file", func(t *testing.T) {
		tr := plant(t, file.Config{})
		away(t, os.Remove(tr.path("a.json")))
		tr.next(t, "deleted a=")
		away(t, errors.Join(os.Rename(tr.folder, tr.folder+"-away"), os.Mkdir(tr.folder, 0o700)))
		tr.next(t, "directory =")
		tr.expect(t, "emptied", "")
	})
	t.Run("the folder", func(t *testing.T) {
		tr := plant(t, file.Config{})
		away(t, os.RemoveAll(tr.folder))
		tr.next(t, "directory =")
		tr.expect(t, "missing", "")
		write(t, tr.path("a.json"), "again")
		tr.next(t, "put a=again")
	})
	t.Run("the folder, for another one", func(t *testing.T) {
		tr := plant(t, file.Config{})
		write(t, tr.folder+"-next/b.json", "new")
		away(t, errors.Join(os.Rename(tr.folder, tr.folder+"-last"), os.Rename(tr.folder+"-next", tr.folder)))
		tr.next(t, "deleted a=")
		tr.next(t, "put b=new")
	})
}

// TestAway: what cannot be read is an error that says what is wrong, and the next
// answer goes on where the last one was.
func TestAway(t *testing.T) {
	for _, row := range []struct {
		name        string
		spoil, mend func(tr *tree) error
		want        string
	}{
		{
			"the root is gone",
			func(tr *tree) error { return os.Rename(tr.root, tr.root+"-away") },
			func(tr *tree) error { return os.Rename(tr.root+"-away", tr.root) },
			"the root is away",
		},
		{
			"the root is a file",
			func(tr *tree) error {
				return errors.Join(os.Rename(tr.root, tr.root+"-away"), os.WriteFile(tr.root, nil, 0o600))
			},
			func(tr *tree) error { return errors.Join(os.Remove(tr.root), os.Rename(tr.root+"-away", tr.root)) },
			"",
		},
		{
			"the folder is a file",
			func(tr *tree) error {
				return errors.Join(os.Rename(tr.folder, tr.folder+"-away"), os.WriteFile(tr.folder, nil, 0o600))
			},
			func(tr *tree) error {
				return errors.Join(os.Remove(tr.folder), os.Rename(tr.folder+"-away", tr.folder))
			},
			"",
		},
		{
			"too many files",
			func(tr *tree) error {
				return errors.Join(os.WriteFile(tr.path("c.json"), nil, 0o600), os.WriteFile(tr.path("d.json"), nil, 0o600))
			},
			func(tr *tree) error { return errors.Join(os.Remove(tr.path("c.json")), os.Remove(tr.path("d.json"))) },
			"holds more than 3 records",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			tr := plant(t, file.Config{MaxFiles: 3})
			if err := row.spoil(tr); err != nil {
				t.Fatal(err)
			}
			_, listErr := tr.source.List(t.Context(), api)
			_, nextErr := tr.source.Next(t.Context(), api, tr.after)
			_, getErr := tr.source.Get(t.Context(), api+"a")
			for what, err := range map[string]error{"list": listErr, "next": nextErr, "get": getErr} {
				if err == nil || errors.Is(err, registry.ErrNotFound) || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%s: got error %v, want one line with %q", what, err, row.want)
				}
			}
			if err := row.mend(tr); err != nil {
				t.Fatal(err)
			}
			tr.next(t, "quiet")
			tr.expect(t, "mended", "a=one b=two")
		})
	}
}

// TestSameDateAndSize: a file that was written just now may have been written twice
// within one step of the file system's clock.
func TestSameDateAndSize(t *testing.T) {
	tr := plant(t, file.Config{})
	for _, row := range []struct {
		age  time.Duration
		want string
	}{{0, "put a=six"}, {time.Hour, "quiet"}} {
		at := time.Now().Add(-row.age)
		write(t, tr.path("a.json"), "one")
		if err := os.Chtimes(tr.path("a.json"), at, at); err != nil {
			t.Fatal(err)
		}
		tr.expect(t, "before", "a=one b=two")
		write(t, tr.path("a.json"), "six")
		if err := os.Chtimes(tr.path("a.json"), at, at); err != nil {
			t.Fatal(err)
		}
		tr.next(t, row.want)
	}
}

// An index of before the source looked, or of another process, begins anew.
func TestIndexes(t *testing.T) {
	tr := plant(t, file.Config{})
	for _, after := range []registry.Index{0, 1, tr.after - 1} {
		if _, err := tr.source.Next(t.Context(), api, after); !errors.Is(err, registry.ErrHistoryLost) {
			t.Errorf("next after %d: got %v, want %v", after, err, registry.ErrHistoryLost)
		}
	}
	later := open(t, file.Config{Root: tr.root})
	l, err := later.List(t.Context(), api)
	if err != nil || l.Index <= tr.after {
		t.Errorf("index of the next process: got %d, %v, want it above %d", l.Index, err, tr.after)
	}
}

func TestRefuses(t *testing.T) {
	for _, cfg := range []file.Config{{}, {Root: "x", Poll: -1}, {Root: "x", Wait: -1}, {Root: "x", Timeout: -1}, {Root: "x", MaxFiles: -1}} {
		if _, err := file.New(cfg); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("New of %+v: got error %v, want one line", cfg, err)
		}
	}
	tr := plant(t, file.Config{})
	write(t, filepath.Join(tr.root, "..", filepath.Base(tr.root)+"-secret.json"), "secret")
	for _, key := range []string{"", "/", "a", "/a/", "/../" + filepath.Base(tr.root) + "-secret", "/a/../b", "/a\\b", "/a\x00b", "//a"} {
		e, err := tr.source.Get(t.Context(), key)
		if err == nil || errors.Is(err, registry.ErrNotFound) {
			t.Errorf("get of %q: got %+v, %v, want it refused", key, e, err)
		}
	}
	for _, directory := range []string{"", "services/", "/services", "/../x/", "/a//"} {
		if l, err := tr.source.List(t.Context(), directory); err == nil {
			t.Errorf("list of %q: got %+v, want it refused", directory, l)
		}
	}
	if l, err := tr.source.List(t.Context(), "/"); err != nil || len(l.Entries) != 0 {
		t.Errorf("list of the root: got %+v, %v, want no records", l, err)
	}
}
