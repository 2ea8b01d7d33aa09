package load

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	// checkCalls is how many channels are read back at once.
	checkCalls = 16
	// pageSize is how many messages are listed at once; an API gives no more.
	pageSize = 100
	// checkTries is how often a call of a check is made that fails, and checkPause how long it waits in between.
	checkTries = 5
	checkPause = 500 * time.Millisecond
)

// Check is what reading acknowledged messages back showed.
type Check struct {
	// Read is how many were looked for, Lost how many of them the API says it does not know.
	Read int `json:"read"`
	Lost int `json:"lost"`
	// Unknown is how many could not be asked for in time, or by an API that failed.
	Unknown int `json:"unknown"`
	// LostIDs are the first of those that are lost.
	LostIDs []Acked `json:"lost_ids,omitempty"`
	// Trouble is why something is unknown.
	Trouble string `json:"trouble,omitempty"`
}

// maxLostIDs bounds Check.LostIDs.
const maxLostIDs = 20

// Reader reads messages back by REST, with the tokens of those who wrote them.
type Reader struct {
	api   *api
	token func(user int) string
}

// NewReader makes a Reader of API nodes, as http://host:port.
func NewReader(bases []string, token func(user int) string) *Reader {
	return &Reader{newAPI(bases), token}
}

// Close lets go of the connections.
func (r *Reader) Close() { r.api.close() }

// Check asks for every one of the messages: it lists their channels, and asks for each by its id that was in no list. It keeps
// the API's rate limits, and returns soon after ctx has ended, with what it knows by then.
func (r *Reader) Check(ctx context.Context, all []Acked) Check {
	byChannel := map[uint64][]Acked{}
	for _, a := range all {
		byChannel[a.Channel] = append(byChannel[a.Channel], a)
	}
	var (
		mu     sync.Mutex // owns result
		result = Check{Read: len(all)}
		work   sync.WaitGroup
		places = make(chan struct{}, checkCalls)
	)
	for _, written := range byChannel {
		places <- struct{}{}
		work.Go(func() {
			defer func() { <-places }()
			lost, unknown, err := r.channel(ctx, written)
			mu.Lock()
			defer mu.Unlock()
			result.Lost += len(lost)
			result.Unknown += unknown
			result.LostIDs = append(result.LostIDs, lost[:min(len(lost), maxLostIDs-len(result.LostIDs))]...)
			if err != nil {
				result.Trouble = err.Error()
			}
		})
	}
	work.Wait()
	return result
}

// channel reads the messages of one channel back.
func (r *Reader) channel(ctx context.Context, written []Acked) (lost []Acked, unknown int, last error) {
	slices.SortFunc(written, func(a, b Acked) int { return compare(a.ID, b.ID) })
	missing, err := r.list(ctx, written)
	if err != nil {
		return nil, len(missing), err
	}
	for _, one := range missing {
		path := fmt.Sprintf("/channels/%d/messages/%d", one.Channel, one.ID)
		err := r.ask(ctx, path, one.User, nil)
		answer, ok := errors.AsType[*statusError](err)
		switch {
		case err == nil:
		case ok && answer.status == http.StatusNotFound:
			lost = append(lost, one)
		default:
			unknown, last = unknown+1, err
		}
	}
	return lost, unknown, last
}

func compare(a, b uint64) int {
	if a < b {
		return -1
	}
	return 1
}

// list returns which of the messages of one channel, by their ids, are in no list of it.
func (r *Reader) list(ctx context.Context, written []Acked) (missing []Acked, err error) {
	for len(written) > 0 {
		var page []identified
		first := written[0]
		path := fmt.Sprintf("/channels/%d/messages?limit=%d&after=%d", first.Channel, pageSize, first.ID-1)
		if err := r.ask(ctx, path, first.User, &page); err != nil {
			return append(missing, written...), err
		}
		found := map[uint64]bool{}
		newest := first.ID // so that each page brings us on
		for _, one := range page {
			found[uint64(one.ID)] = true
			newest = max(newest, uint64(one.ID))
		}
		for len(written) > 0 && (written[0].ID <= newest || len(page) < pageSize) {
			if !found[written[0].ID] {
				missing = append(missing, written[0])
			}
			written = written[1:]
		}
	}
	return missing, nil
}

// ask makes a call until it is answered for good: 404 is an answer, too.
func (r *Reader) ask(ctx context.Context, path string, user int, into any) (err error) {
	for range checkTries {
		for limitedFor := time.Millisecond; limitedFor > 0; {
			err = r.api.call(ctx, http.MethodGet, path, r.token(user), nil, into)
			limitedFor, _ = limited(err)
			if limitedFor > 0 && !pause(ctx, limitedFor) {
				return err
			}
		}
		if answer, ok := errors.AsType[*statusError](err); err == nil || (ok && answer.status == http.StatusNotFound) {
			return err
		}
		if !pause(ctx, checkPause) {
			return err
		}
	}
	return err
}
