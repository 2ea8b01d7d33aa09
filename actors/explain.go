package actors

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// Why says why the instance of a key is, or is not, picked.
type Why struct {
	Service string `json:"service"`
	Key     string `json:"key"`
	Picked  bool   `json:"picked"`
	// Sentence says it in one line of ASCII.
	Sentence string             `json:"sentence"`
	Row      *RowStatus         `json:"row,omitzero"`
	Bad      *QuarantinedStatus `json:"quarantined,omitzero"`
	Order    *OrderStatus       `json:"order,omitzero"`
	Guards   []GuardStatus      `json:"guards"`
	// Source, ConfirmedAgeMS and Staleness are as in [ServiceStatus].
	Source         string `json:"source"`
	ConfirmedAgeMS int64  `json:"confirmed_age_ms"`
	Staleness      string `json:"staleness"`
	// LastEvent is the newest event about the key, of the last thousand of all.
	LastEvent *Event `json:"last_event,omitzero"`
}

// Why reads what pickers read, and takes nobody's turn. The key is given whole or
// as the last part of it.
func (r *Runtime) Why(name, key string) (Why, error) {
	s, full, err := r.find(name, key)
	if err != nil {
		return Why{}, err
	}
	now := time.Now()
	snapshot := s.snapshot.Load()
	x := snapshot.Explain(full, now)
	one := &registry.Snapshot{Directory: s.directory, Guards: snapshot.Guards}
	if x.Row != nil {
		one.Rows = registry.NewRows([]registry.Row{*x.Row})
	}
	if x.Bad != nil {
		one.Quarantined = []*registry.Bad{x.Bad}
	}
	status := s.statusOf(one, now)
	why := Why{
		Service: name, Key: full, Picked: x.Picked, Sentence: x.Sentence, Guards: status.Guards,
		Source: status.Source, ConfirmedAgeMS: status.ConfirmedAgeMS, Staleness: status.Staleness,
		LastEvent: r.kernel.events.newest(full),
	}
	if len(status.Rows) > 0 {
		why.Row = &status.Rows[0]
	}
	if len(status.Quarantined) > 0 {
		why.Bad = &status.Quarantined[0]
	}
	if x.Order != nil {
		order := orderStatus(*x.Order, now)
		why.Order = &order
	}
	return why, nil
}

// newest is the newest of the remembered events about a key, or nil.
func (s *stream) newest(key string) *Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.recent {
		e := s.recent[(s.next+len(s.recent)-1-i)%len(s.recent)]
		if e.Key == key {
			return &e
		}
	}
	return nil
}

// MaxExportBytes bounds the value of an [Export].
const MaxExportBytes = 1 << 20

// exportLimit bounds the reading of one.
const exportLimit = 10 * time.Second

// Export is what the registry holds under a key, for a post-mortem.
type Export struct {
	Key   string         `json:"key"`
	Index registry.Index `json:"index"`
	// TTLMS is how long the key lives unless it is renewed; 0 for ever.
	TTLMS int64 `json:"ttl_ms"`
	// Length and SHA256 are of the whole value; Value is at most
	// [MaxExportBytes] of it, in JSON as base64, and Cut says whether there is more.
	Length int    `json:"length"`
	SHA256 string `json:"sha256"`
	Value  []byte `json:"value"`
	Cut    bool   `json:"cut,omitzero"`
	// Class and Reason say what is wrong with it; empty for a good one.
	Class  string `json:"class,omitzero"`
	Reason string `json:"reason,omitzero"`
}

// Export reads a key with quorum, past the view: raw bytes, hostile as they may
// be. The key is given whole or as the last part of it. A key that is not there
// is [registry.ErrNotFound].
func (r *Runtime) Export(ctx context.Context, name, key string) (Export, error) {
	s, full, err := r.find(name, key)
	if err != nil {
		return Export{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, exportLimit)
	defer cancel()
	entry, err := safely(func() (registry.Entry, error) { return r.config.Source.Get(ctx, full) })
	if err != nil {
		return Export{}, fmt.Errorf("actors: export %q: %w", full, err)
	}
	return NewExport(name, strings.TrimPrefix(full, s.directory), entry), nil
}

// NewExport lays out what was read under the key of an instance.
func NewExport(service, id string, e registry.Entry) Export {
	sum := sha256.Sum256([]byte(e.Value))
	x := Export{
		Key: e.Key, Index: e.Index, TTLMS: e.TTL.Milliseconds(), Length: len(e.Value), SHA256: hex.EncodeToString(sum[:]),
		Value: []byte(e.Value[:min(len(e.Value), MaxExportBytes)]), Cut: len(e.Value) > MaxExportBytes,
	}
	_, err := safely(func() (registry.Instance, error) { return registry.Decode(service, id, e.Value) })
	if fault, bad := errors.AsType[*registry.Fault](err); bad {
		x.Class, x.Reason = fault.Class.String(), fault.Reason
	} else if err != nil {
		x.Class, x.Reason = registry.ClassPanic.String(), bounded(err.Error())
	}
	return x
}
