package monitor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident"
)

const (
	// logName is the log's file in its folder: a line about the rest, and the rest.
	logName = "incidents.json"
	// damagedName begins the names of what was set aside; the newest maxDamaged stay.
	damagedName = "incidents.damaged-"
	maxDamaged  = 5
	// maxLogBytes bounds the file.
	maxLogBytes = 64 << 20
	logVersion  = 1
)

// errDamaged is a log that cannot be believed.
var errDamaged = errors.New("it is damaged")

// logHeader is the first line.
type logHeader struct {
	Version int    `json:"v"`
	Sum     uint32 `json:"crc32c"`
	Bytes   int    `json:"bytes"`
}

// encodeLog writes a log as one file.
func encodeLog(incidents []incident.Incident) ([]byte, error) {
	body, err := json.Marshal(incidents)
	if err != nil {
		return nil, err
	}
	header, err := json.Marshal(logHeader{logVersion, sum(body), len(body)})
	if err != nil {
		return nil, err
	}
	return slices.Concat(header, []byte{'\n'}, body, []byte{'\n'}), nil
}

// decodeLog reads it back. An empty file is an empty log; every error is errDamaged.
func decodeLog(data []byte) ([]incident.Incident, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, nil
	}
	line, body, _ := bytes.Cut(data, []byte{'\n'})
	var h logHeader
	if err := json.Unmarshal(line, &h); err != nil {
		return nil, fmt.Errorf("%w: its first line does not decode", errDamaged)
	}
	body = bytes.TrimSuffix(body, []byte{'\n'})
	switch {
	case h.Version != logVersion:
		return nil, fmt.Errorf("%w: version %d, want %d", errDamaged, h.Version, logVersion)
	case len(body) != h.Bytes:
		return nil, fmt.Errorf("%w: %d bytes, want %d", errDamaged, len(body), h.Bytes)
	case sum(body) != h.Sum:
		return nil, fmt.Errorf("%w: the checksum is another", errDamaged)
	}
	var incidents []incident.Incident
	if err := json.Unmarshal(body, &incidents); err != nil {
		return nil, fmt.Errorf("%w: it does not decode", errDamaged)
	}
	return incidents, nil
}

func sum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// folder keeps the log.
type folder struct{ path string }

// load restores what is kept into the log. What cannot be believed is set aside, and
// said in the answer; the error is a folder that cannot be used.
func (f folder) load(log *incident.Log, now time.Time) (said string, err error) {
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(f.path, logName)
	data, err := readBounded(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil && !errors.Is(err, errDamaged) {
		return "", err
	}
	var incidents []incident.Incident
	if err == nil {
		incidents, err = decodeLog(data)
	}
	if err == nil {
		err = log.Restore(incidents)
	}
	if err == nil {
		return "", nil
	}
	aside := filepath.Join(f.path, damagedName+now.UTC().Format("20060102T150405.000000000")+".json")
	if rename := os.Rename(path, aside); rename != nil {
		return "", rename
	}
	f.prune()
	return fmt.Sprintf("the incident log %s cannot be used, %v; it was moved to %s, and a new one begins", path, err, filepath.Base(aside)), nil
}

func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, maxLogBytes+1))
	if err == nil && len(data) > maxLogBytes {
		err = fmt.Errorf("%w: more than %d bytes", errDamaged, maxLogBytes)
	}
	return data, err
}

// prune removes the oldest of what was set aside.
func (f folder) prune() {
	aside, _ := filepath.Glob(filepath.Join(f.path, damagedName+"*")) // fails on a bad pattern only
	slices.Sort(aside)
	for _, path := range aside[:max(len(aside)-maxDamaged, 0)] {
		_ = os.Remove(path) // tried again the next time
	}
}

// save replaces the file; whoever reads it sees the old log or the new one.
func (f folder) save(incidents []incident.Incident) (err error) {
	data, err := encodeLog(incidents)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(f.path, ".incidents-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
		}
	}()
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), filepath.Join(f.path, logName))
	}
	if err != nil {
		return err
	}
	if dir, err := os.Open(f.path); err == nil {
		_ = dir.Sync() // not every system can; the file itself is synced
		_ = dir.Close()
	}
	return nil
}
