package monitor

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident"
)

// lived returns a log with a closed incident and an open one.
func lived(t *testing.T) *incident.Log {
	t.Helper()
	log := emptyLog(t)
	now := time.Date(2020, 3, 16, 14, 18, 0, 0, time.UTC)
	for _, sessions := range []float64{2000, 1000, 2000, 1000} {
		for range 100 {
			now = now.Add(time.Second)
			log.Observe(now, incident.Reading{Signal: incident.Sessions, Value: sessions})
		}
	}
	if all := log.Incidents(); len(all) != 2 || !all[1].Open() {
		t.Fatalf("incidents: got %d, want a closed one and an open one", len(all))
	}
	return log
}

func emptyLog(t *testing.T) *incident.Log {
	t.Helper()
	log, err := incident.New(incident.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func TestFolder(t *testing.T) {
	f := folder{filepath.Join(t.TempDir(), "new")}
	log := emptyLog(t)
	if said, err := f.load(log, time.Now()); said != "" || err != nil {
		t.Fatalf("no folder yet: got %q and %v, want an empty log", said, err)
	}
	if err := f.save(lived(t).Incidents()); err != nil {
		t.Fatal(err)
	}
	if said, err := f.load(log, time.Now()); said != "" || err != nil {
		t.Fatalf("what was saved: got %q and %v, want it back", said, err)
	}
	if all := log.Incidents(); len(all) != 2 || all[0].Open() || !all[1].Open() || len(all[0].Timeline) == 0 {
		t.Errorf("restored: got %d incidents, want the two", len(all))
	}
	if left, _ := filepath.Glob(filepath.Join(f.path, ".incidents-*")); len(left) > 0 {
		t.Errorf("temporary files: got %v, want none", left)
	}
}

// TestDamagedLog: it is said, set aside, and a new one begins.
func TestDamagedLog(t *testing.T) {
	good, err := encodeLog(lived(t).Incidents())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ name, text, want string }{
		{"empty", "", ""},
		{"white space", " \n", ""},
		{"no log", "hello", "first line does not decode"},
		{"another version", strings.Replace(string(good), `"v":1`, `"v":2`, 1), "version 2"},
		{"cut", string(good[:len(good)/2]), "bytes, want"},
		{"one letter", strings.Replace(string(good), "SEV1", "SEV2", 1), "checksum"},
		{"decodes to nothing sound", string(mustEncode(t, []incident.Incident{{ID: 1}})), "no severity"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := folder{t.TempDir()}
			path := filepath.Join(f.path, logName)
			if err := os.WriteFile(path, []byte(row.text), 0o600); err != nil {
				t.Fatal(err)
			}
			log := emptyLog(t)
			said, err := f.load(log, time.Now())
			if err != nil || len(log.Incidents()) != 0 {
				t.Fatalf("load: got %v and %d incidents, want an empty log", err, len(log.Incidents()))
			}
			aside, _ := filepath.Glob(filepath.Join(f.path, damagedName+"*"))
			if row.want == "" {
				if said != "" || len(aside) != 0 {
					t.Errorf("said: got %q and %v, want nothing", said, aside)
				}
				return
			}
			if !strings.Contains(said, row.want) || !strings.Contains(said, path) {
				t.Errorf("said: got %q, want the path and %q", said, row.want)
			}
			if len(aside) != 1 {
				t.Fatalf("set aside: got %v, want one file", aside)
			}
			if kept, err := os.ReadFile(aside[0]); err != nil || string(kept) != row.text {
				t.Errorf("set aside: got %q and %v, want it as it was", kept, err)
			}
			if err := f.save(nil); err != nil {
				t.Errorf("a new one: got %v, want it saved", err)
			}
		})
	}
}

func mustEncode(t *testing.T, incidents []incident.Incident) []byte {
	t.Helper()
	data, err := encodeLog(incidents)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestNoDamageIsBelieved cuts and bends the file at every byte.
func TestNoDamageIsBelieved(t *testing.T) {
	good := mustEncode(t, lived(t).Incidents())
	for n := 1; n < len(good)-1; n++ {
		if _, err := decodeLog(good[:n]); !errors.Is(err, errDamaged) {
			t.Errorf("cut after %d of %d bytes: got %v, want it damaged", n, len(good), err)
		}
		bent := append([]byte(nil), good...)
		bent[n] ^= 1
		if got, err := decodeLog(bent); err == nil && string(mustEncode(t, got)) != string(good) {
			t.Errorf("byte %d bent: got another log, want it damaged", n)
		}
	}
}

func TestDamagedLogsAreBounded(t *testing.T) {
	f := folder{t.TempDir()}
	for n := range maxDamaged + 3 {
		if err := os.WriteFile(filepath.Join(f.path, logName), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if said, err := f.load(emptyLog(t), time.Unix(int64(n), 0)); said == "" || err != nil {
			t.Fatalf("load: got %q and %v, want it said", said, err)
		}
	}
	if aside, _ := filepath.Glob(filepath.Join(f.path, damagedName+"*")); len(aside) != maxDamaged {
		t.Errorf("set aside: got %d, want the newest %d", len(aside), maxDamaged)
	}
}

// TestKeeper: a disk that fails is tried again with the newest log, and the last one
// is saved at the end.
func TestKeeper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var failing atomic.Bool
		failing.Store(true)
		var saved [][]incident.Incident
		var log strings.Builder
		k := newKeeper(func(i []incident.Incident) error {
			if failing.Load() {
				return errors.New("the disk is full")
			}
			saved = append(saved, i)
			return nil
		}, zerolog.New(zerolog.SyncWriter(&log)))
		done := make(chan struct{})
		ctx, stop := newStop(t)
		go func() { k.run(ctx); close(done) }()
		for n := range 100 {
			k.keep(make([]incident.Incident, n))
			time.Sleep(100 * time.Millisecond)
		}
		failing.Store(false)
		time.Sleep(saveRetry)
		synctest.Wait()
		if len(saved) != 1 || len(saved[0]) != 99 {
			t.Errorf("saved: got %d times, want the newest once", len(saved))
		}
		if got := k.failures.Load(); got < 2 || got > 3 {
			t.Errorf("failures: got %d in ten seconds, want one every five", got)
		}
		failing.Store(true)
		k.keep(make([]incident.Incident, 5))
		time.Sleep(saveRetry / 2)
		failing.Store(false)
		time.Sleep(saveRetry)
		synctest.Wait()
		if last := saved[len(saved)-1]; len(last) != 5 {
			t.Errorf("after a failure: got %d incidents, want the same tried again", len(last))
		}
		if got := strings.Count(log.String(), "cannot be saved"); got != 2 {
			t.Errorf("said: got %d times, want once each time", got)
		}
		time.Sleep(saveEvery)
		k.keep(make([]incident.Incident, 7))
		synctest.Wait()
		k.keep(make([]incident.Incident, 8))
		stop()
		<-done
		if last := saved[len(saved)-1]; len(last) != 8 {
			t.Errorf("at the end: got %d incidents, want the newest eight", len(last))
		}
	})
}

// TestASlowDiskHoldsUpNobody: handing a log over never waits.
func TestASlowDiskHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		k := newKeeper(func([]incident.Incident) error { <-hang; return nil }, zerolog.Nop())
		ctx, stop := newStop(t)
		go k.run(ctx)
		for range 1000 {
			k.keep(nil)
		}
		synctest.Wait()
		stop()
		close(hang)
	})
}
