package store

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
)

// A folder that cannot be used is one line that says what to do.
func TestOpenRefusals(t *testing.T) {
	for _, row := range []struct {
		name  string
		spoil func(t *testing.T, folder string) string // returns the folder to open
		want  []string
	}{
		{"locked by another process", func(t *testing.T, folder string) string {
			t.Helper()
			open(t, folder)
			return folder
		}, []string{"in use by another process", "--data-dir"}},
		{"a file in its place", func(t *testing.T, folder string) string {
			t.Helper()
			file := filepath.Join(folder, "file")
			write(t, file, []byte("x"))
			return file
		}, []string{"data folder", "--data-dir"}},
		{"below a file", func(t *testing.T, folder string) string {
			t.Helper()
			write(t, filepath.Join(folder, "file"), []byte("x"))
			return filepath.Join(folder, "file", "data")
		}, []string{"data folder", "--data-dir"}},
		{"a folder in the file's place", func(t *testing.T, folder string) string {
			t.Helper()
			if err := os.Mkdir(filepath.Join(folder, fileName), 0o700); err != nil {
				t.Fatal(err)
			}
			return folder
		}, []string{"not writable", fileName, "--data-dir"}},
		{"not writable", func(t *testing.T, folder string) string {
			t.Helper()
			if os.Geteuid() <= 0 {
				t.Skip("needs a user whom permissions bind")
			}
			if err := os.Chmod(folder, 0o500); err != nil {
				t.Fatal(err)
			}
			return folder
		}, []string{"not writable", "--data-dir"}},
		{"another kind of file", func(t *testing.T, folder string) string {
			t.Helper()
			write(t, filepath.Join(folder, fileName), bytes.Repeat([]byte("no database "), 10_000))
			return folder
		}, []string{"not a usable database", "move it away"}},
		{"cut to a half", func(t *testing.T, folder string) string {
			t.Helper()
			return cut(t, folder, func(size int64) int64 { return size / 2 })
		}, []string{"not a usable database", "move it away"}},
		{"cut to almost nothing", func(t *testing.T, folder string) string {
			t.Helper()
			return cut(t, folder, func(int64) int64 { return 10_000 })
		}, []string{"not a usable database", "move it away"}},
		{"cut by a byte", func(t *testing.T, folder string) string {
			t.Helper()
			return cut(t, folder, func(size int64) int64 { return size - 1 })
		}, []string{"not a usable database", "it was cut to"}},
		{"of a newer version", func(t *testing.T, folder string) string {
			t.Helper()
			d := filled(t, folder, meta{Seed: 1, Users: 1})
			changeMeta(t, d, key(schemaVersion+1, 1, 1, 0))
			return folder
		}, []string{"newer version", "schema 4"}},
		{"with a description of another length", func(t *testing.T, folder string) string {
			t.Helper()
			d := filled(t, folder, meta{Seed: 1, Users: 1})
			changeMeta(t, d, key(1))
			return folder
		}, []string{"not a usable database", "8 bytes"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			d, err := openDatabase(row.spoil(t, t.TempDir()))
			if err == nil {
				_ = d.close()
				t.Fatalf("open: got nil, want an error")
			}
			for _, want := range row.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("open: got %q, want it to say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("open: got %q, want one line", err)
			}
		})
	}
}

func changeMeta(t *testing.T, d *database, raw []byte) {
	t.Helper()
	if err := d.bolt.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(bucketMeta)).Put([]byte(metaKey), raw)
	}); err != nil {
		t.Fatalf("change the description: %v", err)
	}
	if err := d.close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

// cut leaves the first part of a filled database.
func cut(t *testing.T, folder string, left func(size int64) int64) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the mapping that bbolt leaves behind would keep the folder from being removed")
	}
	d := filled(t, folder, meta{Seed: 1, Users: 2000, Guilds: 10})
	_, size, err := d.stats()
	if err != nil {
		t.Fatalf("stats: %v", err)
	}
	_ = d.close()
	if err := os.Truncate(d.path, left(int64(size))); err != nil {
		t.Fatal(err)
	}
	return folder
}

func write(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// What a process had committed when it was killed is there for the next one:
// the file is copied as the kill would leave it, while it is open.
func TestCopyOfAnOpenFileIsComplete(t *testing.T) {
	d := filled(t, t.TempDir(), meta{Seed: 1, Users: 100, Guilds: 5})
	content, err := os.ReadFile(d.path)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	write(t, filepath.Join(folder, fileName), content)
	if !maps.Equal(dump(t, d), dump(t, open(t, folder))) {
		t.Errorf("copy of the open file: its rows differ from those committed")
	}
}
