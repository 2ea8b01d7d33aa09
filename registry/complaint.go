package registry

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// Bounds of complaints.
const (
	// MaxComplaintBytes is the longest complaint that is read.
	MaxComplaintBytes = 512
	// MaxComplaints is how many consumers complain of one instance. Two are enough
	// to be heard; the others would only be writes.
	MaxComplaints = 8
	// ComplaintTTL is how long a complaint stands; it is repeated before.
	ComplaintTTL = 3 * time.Minute

	// complaintFolder lies beside the services, so that no watch of one is woken. Its
	// name is no service's, and etcd hides it from whoever lists what is above.
	complaintFolder  = "_nack"
	complaintVersion = 1
)

// Complaint says that a consumer cannot read an instance's value. It is written for
// the announcer, which repairs its record, and for the other consumers, which learn
// whether they are alone with their verdict. It is a hint: nothing is removed or
// believed because of it.
type Complaint struct {
	// Service and Instance name the key that is bad, Consumer who says so: all
	// three are names (see [Directory]).
	Service, Instance, Consumer string
	// Index is where the bad value was written, Class its fault in one word, and
	// Hash its fingerprint, as in [Bad].
	Index Index
	Class string
	Hash  uint64
}

// Same reports whether two complaints are about one write.
func (c Complaint) Same(other Complaint) bool {
	return c.Service == other.Service && c.Instance == other.Instance && c.Index == other.Index && c.Hash == other.Hash
}

// ComplaintRoot returns the directory below which all complaints of a prefix lie,
// with the slash at its end. An empty prefix means [DefaultPrefix].
func ComplaintRoot(prefix string) (string, error) {
	directory, err := Directory(prefix, "any")
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(directory, "any/") + complaintFolder + "/", nil
}

// Directory returns the directory of all complaints of the same instance, below
// the root that [ComplaintRoot] gave.
func (c Complaint) Directory(root string) string { return root + c.Service + "/" + c.Instance + "/" }

// Key returns the complaint's key.
func (c Complaint) Key(root string) string { return c.Directory(root) + c.Consumer }

// complaintValue is a complaint as it is written.
type complaintValue struct {
	Version int    `json:"v"`
	Index   uint64 `json:"index"`
	Class   string `json:"class"`
	Hash    string `json:"hash"`
}

// EncodeComplaint writes a complaint. The error names what is no name.
func EncodeComplaint(c Complaint) (string, error) {
	if err := c.check(); err != nil {
		return "", err
	}
	value, err := json.Marshal(complaintValue{
		Version: complaintVersion, Index: uint64(c.Index), Class: c.Class, Hash: strconv.FormatUint(c.Hash, 16),
	})
	return string(value), err
}

// DecodeComplaint reads what a key below root holds. It is as hostile as any other
// value, and whatever is not quite a complaint is an error.
func DecodeComplaint(root string, e Entry) (Complaint, error) {
	parts := strings.Split(strings.TrimPrefix(e.Key, root), "/")
	if !strings.HasPrefix(e.Key, root) || len(parts) != 3 {
		return Complaint{}, fmt.Errorf("registry: %s is no complaint's key", quote(e.Key))
	}
	var value complaintValue
	if len(e.Value) > MaxComplaintBytes {
		return Complaint{}, fmt.Errorf("registry: a complaint of %d bytes, want at most %d", len(e.Value), MaxComplaintBytes)
	}
	if err := json.Unmarshal([]byte(e.Value), &value); err != nil {
		return Complaint{}, fmt.Errorf("registry: complaint: %s", quote(err.Error()))
	}
	hash, err := strconv.ParseUint(value.Hash, 16, 64)
	if err != nil || value.Version != complaintVersion {
		return Complaint{}, fmt.Errorf("registry: complaint of version %d with hash %s: want version %d and a number",
			value.Version, quote(value.Hash), complaintVersion)
	}
	c := Complaint{
		Service: parts[0], Instance: parts[1], Consumer: parts[2],
		Index: Index(value.Index), Class: value.Class, Hash: hash,
	}
	return c, c.check()
}

func (c Complaint) check() error {
	for _, name := range []string{c.Service, c.Instance, c.Consumer, c.Class} {
		if !validName(name) {
			return fmt.Errorf("registry: complaint: %s: %s", quote(name), nameRule)
		}
	}
	return nil
}

// RoomToComplain looks at the complaints of an instance that stand already. It
// returns those of others, the index of the consumer's own, 0 when it has none, and
// whether there is room for it: a consumer may always repeat its own.
func RoomToComplain(root string, standing []Entry, consumer string) (others []Complaint, own Index, room bool) {
	for _, e := range standing {
		switch c, err := DecodeComplaint(root, e); {
		case strings.HasSuffix(e.Key, "/"+consumer):
			own = e.Index
		case err == nil:
			others = append(others, c)
		}
	}
	return others, own, own != 0 || len(standing) < MaxComplaints
}

// Fingerprint is what [Bad.Hash] and [Complaint.Hash] are of a value: a length and
// a CRC32C, never 0.
func Fingerprint(value string) uint64 { return fingerprint(value) }
