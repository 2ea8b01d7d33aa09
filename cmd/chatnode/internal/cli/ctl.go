package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// ctlCommands are "chatnode ctl ...": what people ask of a running cluster and tell
// it to do. Each has a file of its own, ctl_<name>.go.
type ctlCommands struct {
	Throttle  ctlThrottle  `cmd:"" help:"Say how many sessions chat nodes let in a second: 200/s, 0 for nobody, auto or off."`
	Repairs   ctlRepairs   `cmd:"" help:"Ask, pause and resume the store's repairs."`
	Status    ctlStatus    `cmd:"" help:"Say how the cluster is: its state, components and signals."`
	Incidents ctlIncidents `cmd:"" help:"List the last incidents, or show the timeline of one."`

	demoCommands
}

// controller is who is asked: the demo's controller, or "chatnode watch".
type controller struct {
	URL       nodeURL `name:"url" default:"http://127.0.0.1:8080" placeholder:"URL" help:"Whom to ask: the demo's page, or the --listen address of chatnode watch."`
	TokenFile string  `placeholder:"FILE" help:"The file with its token, where it needs one."`
	Timeout   period  `default:"5s" help:"How long to wait for an answer."`
	JSON      bool    `name:"json" help:"Print JSON."`
}

// Help lists the exit codes.
func (controller) Help() string { return exitCodes() }

// ask sends a request and reads its answer, which is JSON, into out.
func (c controller) ask(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(c.Timeout))
	defer cancel()
	asked := node{Admin: c.URL, TokenFile: c.TokenFile, Timeout: c.Timeout}
	request, err := asked.request(ctx, method, path, in)
	if err != nil {
		return err
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("%s does not answer: %w; name the demo's page or a chatnode watch with --url", c.URL, err)
	}
	defer func() { _ = reply.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(reply.Body, maxAnswerBytes))
	if err != nil {
		return fmt.Errorf("%s: the answer broke off: %w", c.URL, err)
	}
	if reply.StatusCode/100 != 2 {
		return refusal(c.URL, reply.Status, body)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("%s answered with no JSON that is known: is this the demo's page or a chatnode watch?", c.URL)
	}
	return nil
}

// refusal is an answer that is no success; its line, if it has one, is shown.
func refusal(from nodeURL, status string, body []byte) error {
	var why struct {
		Error string `json:"error"`
		Text  string `json:"text"`
	}
	if json.Unmarshal(body, &why) == nil && why.Error+why.Text != "" {
		return fmt.Errorf("%s refused: %s", from, safe(strings.TrimSpace(why.Error+" "+why.Text)))
	}
	return fmt.Errorf("%s answered %s: is this the demo's page or a chatnode watch?", from, status)
}
