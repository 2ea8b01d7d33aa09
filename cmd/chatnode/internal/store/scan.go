package store

import (
	"bytes"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"go.etcd.io/bbolt"
)

// maxFindings is how many findings of one pass are kept; more are counted.
const maxFindings = 100

// Finding is one row that is damaged.
type Finding struct {
	// Bucket and Key say which row; ids are numbers.
	Bucket string `json:"bucket"`
	Key    string `json:"key"`
	// What is wrong with it, in one line.
	What string `json:"what"`
	// Repaired says that what it should be followed from other rows, and was written.
	Repaired bool      `json:"repaired"`
	At       time.Time `json:"at"`
}

// Pass is one way through the whole database.
type Pass struct {
	Began time.Time `json:"began"`
	// Ended is zero while it is under way.
	Ended time.Time `json:"ended,omitzero"`
	// Rows were read, Found of them damaged, Repaired of those written anew.
	Rows     uint64 `json:"rows"`
	Found    uint64 `json:"found"`
	Repaired uint64 `json:"repaired"`
	// Findings are the first hundred.
	Findings []Finding `json:"findings,omitempty"`
}

// scan is where a pass stands. One goroutine uses it.
type scan struct {
	sections []section
	at       int    // the section
	after    []byte // the last row of it that was read; nil before the first
	pass     Pass

	users  uint64    // seen
	newest uint64    // id that was given, in the form of the row of the last one
	change [2]uint64 // guild and revision seen last
}

func newScan(now time.Time) *scan { return &scan{sections: sections(), pass: Pass{Began: now}} }

// done says that everything has been read.
func (s *scan) done() bool { return s.at == len(s.sections) }

// fault is a row that does not hold.
type fault struct {
	bucket, key string
	err         error
}

// step reads up to so many rows in one transaction, and returns what is wrong with
// them. A page that cannot be read costs the rest of its bucket.
func (s *scan) step(db *database, rows int) (faults []fault) {
	before := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(before)
		if v := recover(); v != nil {
			faults = append(faults, fault{s.sections[s.at].bucket, readable(s.after), fmt.Errorf("what follows it cannot be read: %.128v", v)})
			s.next()
		}
	}()
	err := db.bolt.View(func(tx *bbolt.Tx) error {
		for rows > 0 && !s.done() {
			read := s.some(tx, rows, func(f fault) { faults = append(faults, f) })
			rows -= read
		}
		return nil
	})
	if err != nil { // the database was closed
		s.at = len(s.sections)
	}
	return faults
}

// some reads rows of the present section, and goes on to the next at its end.
func (s *scan) some(tx *bbolt.Tx, most int, report func(fault)) (read int) {
	of := s.sections[s.at]
	bucket := tx.Bucket([]byte(of.bucket))
	if bucket == nil { // a file of an older version
		s.next()
		return 0
	}
	cursor := bucket.Cursor()
	k, raw := cursor.First()
	if s.after != nil {
		if k, raw = cursor.Seek(s.after); bytes.Equal(k, s.after) {
			k, raw = cursor.Next()
		}
	}
	for ; k != nil && read < most; k, raw = cursor.Next() {
		s.after = append(s.after[:0], k...)
		read++
		s.pass.Rows++
		if err := of.check(s, tx, k, raw); err != nil {
			report(fault{of.bucket, readable(k), err})
		}
	}
	if k == nil {
		s.next()
	}
	return read
}

func (s *scan) next() { s.at, s.after = s.at+1, nil }

// note counts a fault, and keeps it while there is room.
func (s *scan) note(f fault, repaired bool, now time.Time) {
	s.pass.Found++
	if repaired {
		s.pass.Repaired++
	}
	if len(s.pass.Findings) < maxFindings {
		s.pass.Findings = append(s.pass.Findings, Finding{f.bucket, f.key, f.err.Error(), repaired, now})
	}
}

// mending is how a fault can be mended, or nil.
func (f fault) mending() func(tx *bbolt.Tx) error {
	if d, ok := errors.AsType[*derivable](f.err); ok {
		return d.mend
	}
	return nil
}

// copied is a pass that somebody else may keep.
func (p Pass) copied() Pass {
	p.Findings = slices.Clone(p.Findings)
	return p
}
