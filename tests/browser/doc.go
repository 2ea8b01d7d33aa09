// Package browser holds what only a browser can say of the live page: it drives
// the page in a headless Chromium, fed by a made-up run whose every figure is a
// function of its time, and by a small demo of the built binary.
//
// Where no browser is installed the tests skip with one line; with
// FIREBREAK_BROWSER=required they fail instead. FIREBREAK_BROWSER_PATH names a
// browser that is not found by itself. The flag -shots DIR plays a demo and
// writes the pictures of the documents, -odd DIR those of odd runs for people to
// look at; both folders as seen from this one: -shots ../../docs/img.
package browser
