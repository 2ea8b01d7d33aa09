package cli

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// address is a TCP address, "host:port".
type address string

// UnmarshalText accepts host:port with a numeric port.
func (a *address) UnmarshalText(text []byte) error {
	host, port, err := net.SplitHostPort(string(text))
	if err != nil {
		return fmt.Errorf("%q is no address: write it as host:port, for example 127.0.0.1:8080", text)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q is no address: the port must be a number from 0 to 65535", text)
	}
	if strings.ContainsAny(host, " /@") {
		return fmt.Errorf("%q is no address: %q is no host", text, host)
	}
	*a = address(text)
	return nil
}

// httpURL is the base URL of an HTTP server, without a slash at its end.
type httpURL string

// UnmarshalText accepts http and https with nothing after the host.
func (u *httpURL) UnmarshalText(text []byte) error {
	clean, err := baseURL(string(text), "http", "https")
	if err != nil {
		return fmt.Errorf("%q is no URL to connect to: %w, for example http://127.0.0.1:2379", text, err)
	}
	*u = httpURL(clean)
	return nil
}

// gatewayURL is a WebSocket URL.
type gatewayURL string

// UnmarshalText accepts ws and wss.
func (u *gatewayURL) UnmarshalText(text []byte) error {
	clean, err := baseURL(string(text), "ws", "wss")
	if err != nil {
		return fmt.Errorf("%q is no gateway: %w, for example ws://127.0.0.1:8080", text, err)
	}
	*u = gatewayURL(clean)
	return nil
}

// baseURL checks a URL and drops the slash at its end.
func baseURL(text string, schemes ...string) (string, error) {
	wanted := strings.Join(schemes, ":// or ") + "://"
	parsed, err := url.Parse(text)
	switch {
	case err != nil:
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err
		}
		return "", err
	case parsed.Scheme != schemes[0] && parsed.Scheme != schemes[1]:
		return "", fmt.Errorf("it must begin with %s", wanted)
	case parsed.Hostname() == "":
		return "", errors.New("it has no host")
	case parsed.User != nil:
		return "", errors.New("it must not hold a password")
	case strings.Trim(parsed.Path, "/") != "" || parsed.RawQuery != "" || parsed.Fragment != "":
		return "", errors.New("nothing may follow the host and port")
	}
	return strings.TrimRight(text, "/"), nil
}

// texts turns flag values into plain strings.
func texts[T ~string](values []T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

// perSecond is a rate, written "50" or "50/s".
type perSecond float64

// UnmarshalText accepts a positive number, with or without "/s".
func (p *perSecond) UnmarshalText(text []byte) error {
	rate, err := strconv.ParseFloat(strings.TrimSuffix(string(text), "/s"), 64)
	if err != nil || !(rate > 0) || rate > 1e6 {
		return fmt.Errorf("%q is no rate: write how many a second, for example 50/s", text)
	}
	*p = perSecond(rate)
	return nil
}

// rateOrOff is a rate, or 0 for "off".
type rateOrOff float64

// UnmarshalText accepts "off", and what perSecond does.
func (r *rateOrOff) UnmarshalText(text []byte) error {
	if string(text) == "off" {
		*r = 0
		return nil
	}
	var rate perSecond
	if err := rate.UnmarshalText(text); err != nil {
		return fmt.Errorf("%w, or off", err)
	}
	*r = rateOrOff(rate)
	return nil
}

// String is how it is written.
func (r rateOrOff) String() string {
	if r == 0 {
		return "off"
	}
	return fmt.Sprintf("%g/s", float64(r))
}

// count is a number of things, at least one.
type count int

// UnmarshalText accepts 1 to a billion.
func (c *count) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 || n > 1e9 {
		return fmt.Errorf("%q is no count: write a number from 1", text)
	}
	*c = count(n)
	return nil
}

// period is a positive duration.
type period time.Duration

// UnmarshalText accepts what [time.ParseDuration] does, above zero.
func (p *period) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d <= 0 {
		return fmt.Errorf("%q is no period: write a positive number with its unit, for example 1.5s", text)
	}
	*p = period(d)
	return nil
}

// span is a duration that may be 0.
type span time.Duration

// UnmarshalText accepts what [time.ParseDuration] does, from zero on.
func (d *span) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v < 0 {
		return fmt.Errorf("%q is no time: write 0, or a positive number with its unit, for example 5ms", text)
	}
	*d = span(v)
	return nil
}

// intervalOrOff is a positive duration, or 0 for "off".
type intervalOrOff time.Duration

// UnmarshalText accepts "off", and what [time.ParseDuration] does from a second on.
func (i *intervalOrOff) UnmarshalText(text []byte) error {
	if string(text) == "off" {
		*i = 0
		return nil
	}
	d, err := time.ParseDuration(string(text))
	if err != nil || d < time.Second {
		return fmt.Errorf("%q is no interval: write off, or a second or more with its unit, for example 1m", text)
	}
	*i = intervalOrOff(d)
	return nil
}
