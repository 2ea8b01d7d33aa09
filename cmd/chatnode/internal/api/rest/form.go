package rest

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// maxBodyBytes bounds a body: the longest message, with each character escaped,
// has 24,000.
const maxBodyBytes = 48 << 10

// bearer returns the token of an Authorization header, with or without "Bot".
func bearer(header string) (string, error) {
	token := strings.TrimPrefix(header, "Bot ")
	if err := wire.CheckToken(token); err != nil {
		return "", err
	}
	return token, nil
}

// readForm decodes a body of JSON into a struct. Members that it lacks are ignored.
func readForm(request *http.Request, into any) error {
	if kind, _, err := mime.ParseMediaType(request.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return plain(http.StatusUnsupportedMediaType)
	}
	text, err := io.ReadAll(io.LimitReader(request.Body, maxBodyBytes+1))
	if err != nil {
		return plain(http.StatusBadRequest)
	}
	if len(text) > maxBodyBytes {
		return &fault{status: http.StatusRequestEntityTooLarge, code: codeBodyTooLarge, message: "Request entity too large"}
	}
	return parseForm(text, into)
}

func parseForm(text []byte, into any) error {
	err := json.Unmarshal(text, into)
	if err == nil {
		return nil
	}
	// What is wrong with the text is told before what is wrong with its meaning.
	if wrong, isMeaning := errors.AsType[*json.SemanticError](err); isMeaning && jsontext.Value(text).IsValid() {
		field := strings.TrimPrefix(string(wrong.JSONPointer), "/")
		if field == "" {
			field = "_"
		}
		return badField(field, "BASE_TYPE_BAD_TYPE", "Value has a wrong type.")
	}
	return &fault{status: http.StatusBadRequest, code: codeInvalidJSON, message: "The request body contains invalid JSON."}
}

// checkLength bounds a text in characters.
func checkLength(field, text string, least, most int) error {
	n := utf8.RuneCountInString(text)
	switch {
	case n == 0 && least > 0:
		return badField(field, "BASE_TYPE_REQUIRED", "This field is required")
	case n < least || n > most:
		return badField(field, "BASE_TYPE_BAD_LENGTH", "Must be between %d and %d in length.", least, most)
	}
	return nil
}

// id reads an id out of a path.
func (c call) id(name string) (uint64, error) { return parseID(name+"_id", c.request.PathValue(name)) }

func parseID(field, text string) (uint64, error) {
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil || id == 0 {
		return 0, badField(field, "NUMBER_TYPE_COERCE", "Value \"%.30s\" is not snowflake.", text)
	}
	return id, nil
}

// page is what a list is asked for.
type page struct {
	before, after, around uint64
	limit                 uint32
}

// parsePage reads the parameters of a list of at most so many.
func parsePage(query url.Values, usual, most uint32) (p page, err error) {
	for _, at := range []struct {
		name string
		into *uint64
	}{{"before", &p.before}, {"after", &p.after}, {"around", &p.around}} {
		text := query.Get(at.name)
		if text == "" || text == "0" { // libraries begin a walk with 0
			continue
		}
		if *at.into, err = parseID(at.name, text); err != nil {
			return page{}, err
		}
	}
	p.limit = usual
	if text := query.Get("limit"); text != "" {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil || n < 1 || n > uint64(most) {
			return page{}, badField("limit", "NUMBER_TYPE_RANGE", "int value should be between 1 and %d.", most)
		}
		p.limit = uint32(n)
	}
	return p, nil
}
