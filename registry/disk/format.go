package disk

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/firebreak-go/firebreak/registry"
)

// magic is the first line of a file: what it is, and the version of what
// follows. The second line is the SHA-256 of the rest, in hexadecimal.
const magic = "firebreak last known good 1\n"

const sumDigits = 2 * sha256.Size

// content is the rest of a file.
type content struct {
	Directory  string         `json:"directory"`
	Cluster    string         `json:"cluster,omitempty"`
	Epoch      uint64         `json:"epoch"`
	Index      registry.Index `json:"index"`
	Generation uint64         `json:"generation"`
	SavedAt    time.Time      `json:"saved_at"`
	Rows       []row          `json:"rows"`
}

// row is one instance, as its record in the registry.
type row struct {
	Key   string         `json:"key"`
	Index registry.Index `json:"index"`
	Since time.Time      `json:"since"`
	Value string         `json:"value"`
	// Raw says that the value is no instance's record but a consumer's own.
	Raw bool `json:"raw,omitempty"`
}

// encode lays a snapshot out as a file.
func encode(s *registry.Snapshot, now time.Time) ([]byte, error) {
	c := content{
		Directory: s.Directory, Cluster: s.Cluster, Epoch: s.Epoch, Index: s.Index, Generation: s.Generation,
		SavedAt: now.Round(0), Rows: make([]row, 0, s.Rows.Len()),
	}
	for r := range s.Rows.All() {
		saved := row{Key: r.Key, Index: r.Index, Since: r.Since.Round(0), Value: r.Value, Raw: r.Value != ""}
		if !saved.Raw {
			value, err := registry.Encode(r.Instance)
			if err != nil {
				return nil, fmt.Errorf("disk: save %s: %w", r.Key, err)
			}
			saved.Value = value
		}
		c.Rows = append(c.Rows, saved)
	}
	body, err := json.Marshal(&c)
	if err != nil {
		return nil, fmt.Errorf("disk: save %s: %w", s.Directory, err)
	}
	sum := sha256.Sum256(body)
	return bytes.Join([][]byte{[]byte(magic + hex.EncodeToString(sum[:])), body}, []byte("\n")), nil
}

// decode reads a file. The error completes the sentence "the file ...".
func decode(data []byte, directory string) (*registry.Snapshot, error) {
	rest, ours := bytes.CutPrefix(data, []byte(magic))
	switch {
	case !ours && bytes.HasPrefix(data, []byte(magic[:len(magic)-2])):
		return nil, fmt.Errorf("is of another version: %.40q", data)
	case !ours:
		return nil, fmt.Errorf("is not one of ours")
	case len(rest) < sumDigits+1 || rest[sumDigits] != '\n':
		return nil, fmt.Errorf("is cut off")
	}
	body := rest[sumDigits+1:]
	sum := sha256.Sum256(body)
	if hex.EncodeToString(sum[:]) != string(rest[:sumDigits]) {
		return nil, fmt.Errorf("is damaged: its checksum does not match")
	}
	return decodeBody(body, directory)
}

func decodeBody(body []byte, directory string) (*registry.Snapshot, error) {
	var c content
	if err := json.Unmarshal(body, &c, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("does not decode")
	}
	if c.Directory != directory {
		return nil, fmt.Errorf("is of the directory %.80q", c.Directory)
	}
	s := &registry.Snapshot{
		Directory: c.Directory, Cluster: c.Cluster, Epoch: c.Epoch, Index: c.Index, Generation: c.Generation,
		At: c.SavedAt,
	}
	service := serviceOf(directory)
	rows := make([]registry.Row, 0, len(c.Rows))
	for i, r := range c.Rows {
		id, ok := registry.SplitKey(directory, r.Key)
		if !ok || i > 0 && r.Key <= c.Rows[i-1].Key {
			return nil, fmt.Errorf("has the key %.80q, which is elsewhere or out of order", r.Key)
		}
		loaded := registry.Row{
			Key: r.Key, Status: registry.StatusLive, Origin: registry.OriginDisk, Index: r.Index, Since: r.Since,
		}
		if err := r.fill(&loaded, service, id); err != nil {
			return nil, fmt.Errorf("has a record that does not decode: %w", err)
		}
		rows = append(rows, loaded)
	}
	s.Rows = registry.NewRows(rows)
	return s, nil
}

// fill puts the content of a saved row into one of a snapshot.
func (r row) fill(loaded *registry.Row, service, id string) (err error) {
	if !r.Raw {
		loaded.Instance, err = registry.Decode(service, id, r.Value)
		return err
	}
	if fault := registry.Screen(r.Value); fault != nil {
		return fault
	}
	loaded.Value = r.Value
	loaded.Instance = registry.Instance{Version: registry.Version, Service: service, ID: id, State: registry.StateUp}
	return nil
}

// serviceOf is the last name of a directory.
func serviceOf(directory string) string {
	trimmed := strings.TrimSuffix(directory, "/")
	return trimmed[strings.LastIndexByte(trimmed, '/')+1:]
}
