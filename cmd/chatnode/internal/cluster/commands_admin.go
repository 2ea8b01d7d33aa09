package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/firebreak-go/firebreak/actors/admin"
)

// post asks a process's admin endpoint to do something.
func post(ctx context.Context, url string, v any) error {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return errNoAnswer
	}
	defer reply.Body.Close()
	switch {
	case reply.StatusCode == http.StatusNotFound && reply.Header.Get("Content-Type") != "application/json":
		return errors.New("this build has nothing that could be told so")
	case reply.StatusCode/100 == 2:
		return nil
	}
	var why struct {
		Error string `json:"error"`
	}
	if json.NewDecoder(io.LimitReader(reply.Body, maxAdminReply)).Decode(&why) != nil || why.Error == "" {
		why.Error = "it answers " + reply.Status
	}
	return errors.New(why.Error)
}

// errNoAnswer is a process that cannot be asked.
var errNoAnswer = errors.New("it does not answer")

// everywhere asks all chat nodes; where none of them did it, it says what one of
// them said.
func (a *act) everywhere(ctx context.Context, path string, v any) (done int, err error) {
	var refusal error
	for _, n := range a.layout.nodes {
		switch err := post(ctx, n.adminURL()+path, v); {
		case err == nil:
			done++
		case !errors.Is(err, errNoAnswer) || refusal == nil:
			refusal = fmt.Errorf("%s: %w", n.name, err)
		}
	}
	if done == 0 {
		return 0, refusal
	}
	return done, nil
}

// throttle sets the rate of admission of all chat nodes together.
func throttle(ctx context.Context, a *act, args arguments) (string, error) {
	done, err := a.everywhere(ctx, "/admin/admission", map[string]string{"rate": args["rate"]})
	return fmt.Sprintf("throttle %s on %s", args["rate"], count(done, "node")), err
}

func repairs(ctx context.Context, a *act, args arguments) (string, error) {
	err := post(ctx, a.layout.store.adminURL()+"/admin/repairs", map[string]string{"action": args["action"]})
	return "repairs: " + args["action"], err
}

// releaseKey lets every chat node judge a key again.
func releaseKey(ctx context.Context, a *act, args arguments) (string, error) {
	_, id, err := keyOf(args["key"])
	if err != nil {
		return "", err
	}
	done, err := a.everywhere(ctx, "/admin/command/release", admin.Command{Service: apiService, Key: id})
	return fmt.Sprintf("%s judges %s again", count(done, "node"), id), err
}

// thaw ends the guards of the directory on every chat node.
func thaw(ctx context.Context, a *act, _ arguments) (string, error) {
	done, err := a.everywhere(ctx, "/admin/command/thaw", admin.Command{Service: apiService})
	return "thawed the directory on " + count(done, "node"), err
}

// rerun is an act that is asked for while a cluster is kept up.
type rerun struct {
	profile      string
	poison, boot time.Duration // 0: as before
	seed         *uint64
}

// apply puts its parameters into the run's.
func (r rerun) apply(cfg *Config) {
	if r.poison > 0 {
		cfg.Poison = r.poison
	}
	if r.boot > 0 {
		cfg.Boot = r.boot
	}
	if r.seed != nil {
		cfg.Seed = *r.seed
	}
}

// again asks for another act in the place of the one that is kept up.
func (s *show) again(args arguments) (string, error) {
	r := rerun{profile: args["profile"]}
	for name, to := range map[string]*time.Duration{"poison": &r.poison, "boot": &r.boot} {
		if args[name] == "" {
			continue
		}
		d, err := time.ParseDuration(args[name])
		if err != nil || d <= 0 || d > time.Hour {
			return "", badCommand("%s %.32q: want a duration up to 1h, as in 2s", name, args[name])
		}
		*to = d
	}
	if args["seed"] != "" {
		seed, err := strconv.ParseUint(args["seed"], 10, 64)
		if err != nil {
			return "", badCommand("seed %.32q: want a number", args["seed"])
		}
		r.seed = &seed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.kept {
		return "", errors.New("an act is being played: ask again when all are over, in a demo started with --keep")
	}
	select {
	case s.reruns <- r:
		s.kept = false
		return "the next act: " + r.profile, nil
	default:
		return "", errors.New("another act has been asked for already")
	}
}
