package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

const suffix = ".json"

// settled is how long before it was read a file must have been written for its
// date and size to prove that it is the same: file systems count time in steps
// of up to two seconds.
const settled = 3 * time.Second

// folder is what was last seen of one directory.
type folder struct {
	since registry.Index     // of the first look, if there was something to see
	self  fs.FileInfo        // nil while the folder does not exist
	files map[string]content // by ID
}

// content is one file.
type content struct {
	value string
	index registry.Index // of the look at which it was new
	info  fs.FileInfo    // nil when it could not be read
	at    time.Time      // when it was read
}

func (c content) entry(directory, id string) registry.Entry {
	return registry.Entry{Key: directory + id, Value: c.value, Index: c.index}
}

// look reads a folder and puts what is new into the history. It is called in turn.
func (s *Source) look(directory string) (*folder, error) {
	f := s.folders[directory]
	var known map[string]content
	if f != nil {
		known = f.files
	}
	self, files, err := s.read(filepath.Join(s.cfg.Root, filepath.FromSlash(directory)), known)
	if err != nil {
		return nil, err
	}
	if f == nil {
		f = &folder{}
		if len(files) > 0 {
			f.since = s.history.Skip()
		}
		for id, c := range files {
			c.index = f.since
			files[id] = c
		}
		s.folders[directory] = f
	} else {
		s.compare(directory, f, self, files)
	}
	f.self, f.files = self, files
	return f, nil
}

// compare tells what is different, and gives the new contents their indexes.
func (s *Source) compare(directory string, f *folder, self fs.FileInfo, files map[string]content) {
	if f.deserted(self, files) {
		s.history.Append(directory, registry.Change{Kind: registry.ChangeDirectory, Entry: registry.Entry{Key: directory}})
		return
	}
	ids := slices.Collect(maps.Keys(f.files))
	for id := range files {
		if _, known := f.files[id]; !known {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		was, known := f.files[id]
		is, there := files[id]
		c := registry.Change{Kind: registry.ChangePut, Entry: is.entry(directory, id)}
		if known {
			previous := was.entry(directory, id)
			c.Previous = &previous
		}
		switch {
		case there && known && is.value == was.value:
			is.index = was.index
		case there:
			is.index = s.history.Append(directory, c)
		default:
			c.Kind, c.Entry = registry.ChangeDeleted, registry.Entry{Key: directory + id}
			s.history.Append(directory, c)
			continue
		}
		files[id] = is
	}
}

// deserted reports whether everything is gone in a way that people do not remove
// records one by one: with the folder, with what was mounted there, or at a stroke.
func (f *folder) deserted(self fs.FileInfo, files map[string]content) bool {
	if len(files) > 0 || len(f.files) == 0 {
		return false
	}
	return len(f.files) > 1 || self == nil || !os.SameFile(self, f.self)
}

// read reads a folder whole, or says why it cannot. What is known and has not been
// touched is not read again. A folder that does not exist has no info; that is an
// answer only while the root does.
func (s *Source) read(path string, known map[string]content) (fs.FileInfo, map[string]content, error) {
	self, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		root, err := os.Stat(s.cfg.Root)
		if err == nil && !root.IsDir() {
			err = errors.New("it is not a folder")
		}
		if err != nil {
			return nil, nil, fmt.Errorf("the root is away: %w", err)
		}
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, nil, err
	}
	files := make(map[string]content)
	for _, e := range entries {
		id, record := strings.CutSuffix(e.Name(), suffix)
		if !record || id == "" || strings.HasPrefix(id, ".") {
			continue
		}
		if len(files) == s.cfg.MaxFiles {
			return nil, nil, fmt.Errorf("the folder %s holds more than %d records: raise the limit, or look what writes them", path, s.cfg.MaxFiles)
		}
		if c, there := readFile(filepath.Join(path, e.Name()), known[id]); there {
			files[id] = c
		}
	}
	return self, files, nil
}

// readFile reads one record. What is there and cannot be read is as good as empty:
// its key's own fault.
func readFile(path string, known content) (c content, there bool) {
	c.at = time.Now()
	info, err := os.Stat(path)
	if err != nil {
		_, err = os.Lstat(path) // a link that leads nowhere is there
		return c, err == nil || !errors.Is(err, fs.ErrNotExist)
	}
	if !info.Mode().IsRegular() {
		return c, false // a pipe would be waited for
	}
	if known.unchanged(info) {
		return known, true
	}
	f, err := os.Open(path)
	if err != nil {
		return c, !errors.Is(err, fs.ErrNotExist)
	}
	defer func() { _ = f.Close() }()
	value, err := io.ReadAll(io.LimitReader(f, registry.MaxValueBytes+1)) // one more byte is too long
	if err != nil {
		return c, true
	}
	c.value, c.info = string(value), info
	return c, true
}

func (c content) unchanged(info fs.FileInfo) bool {
	return c.info != nil && os.SameFile(c.info, info) && c.info.Size() == info.Size() &&
		c.info.ModTime().Equal(info.ModTime()) && c.at.Sub(info.ModTime()) > settled
}
