package dialect

import (
	"errors"
	"io"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// WriterOptions are the options of [NewWriter].
type WriterOptions struct {
	// RepeatSections allows several sections of one name, as pjsip.conf has
	// them. By default a repeated name, compared without regard to case, is
	// refused, because most modules then use one of them or mix both.
	RepeatSections bool
}

// A batch is written when it holds this many sections or bytes.
const (
	batchSections = 256
	batchBytes    = 256 << 10
)

// Writer writes one configuration file, section by section, such that
// Asterisk reads exactly the names, keys and values that were given: in
// order, repeated keys too, with every byte. What the dialect cannot carry is
// refused, never changed: control characters, blanks at the ends, invalid
// UTF-8, and what is longer than Asterisk's buffers.
//
// It keeps at most a few hundred sections in memory, and, unless
// RepeatSections is set, the names of all sections. It is not safe for
// concurrent use.
type Writer struct {
	w       io.Writer
	batch   batch
	comment []string
	// names is nil where sections may repeat.
	names *nameSet
	err   error
}

// NewWriter returns a writer of a file to w. Call [Writer.Close] at the end.
func NewWriter(w io.Writer, opts *WriterOptions) *Writer {
	wr := &Writer{w: w}
	if opts == nil || !opts.RepeatSections {
		wr.names = &nameSet{}
	}
	return wr
}

// Comment writes text as comment lines before the next section, or at the end
// of the file. Any text will do: it is split into lines, which lose the blanks
// at their ends, control characters become blanks, and nothing in it can begin
// a block comment.
func (w *Writer) Comment(text string) error {
	if w.err != nil {
		return w.err
	}
	w.comment = append(w.comment, commentLines(text)...)
	return nil
}

// Section writes a section. It refuses one that the file cannot carry with a
// [*store.InvalidError] that names the fields "name", "lines[3].key" and so
// on; nothing of the section is written then, and the writer can be used
// further. Any other error is that of the underlying writer, and final.
func (w *Writer) Section(s Section) error {
	if w.err != nil {
		return w.err
	}
	c, err := checkSection(&s)
	if err != nil {
		return err
	}
	if err := w.addName(s.Name); err != nil {
		return err
	}
	w.batch.add(&s, c, w.comment)
	w.comment = nil
	if w.batch.sections >= batchSections || w.batch.bytes >= batchBytes {
		w.err = w.batch.flush(w.w)
	}
	return w.err
}

// Close writes what is not written yet and returns the first error. It does
// not close the underlying writer.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	if w.err = w.batch.flush(w.w); w.err != nil {
		return w.err
	}
	if w.err = w.flushComment(); w.err != nil {
		return w.err
	}
	w.err = errClosed
	return nil
}

// flushComment writes the comment that no section follows.
func (w *Writer) flushComment() error {
	if len(w.comment) == 0 {
		return nil
	}
	text := strings.Join(w.comment, "\n") + "\n"
	if w.batch.flushed {
		text = "\n" + text
	}
	_, err := io.WriteString(w.w, text)
	return err
}

// errClosed is returned by all calls after Close.
var errClosed = errors.New("the configuration writer is closed")

// addName takes a section's name, unless it is taken.
func (w *Writer) addName(name string) error {
	if w.names == nil || w.names.add(name) {
		return nil
	}
	return store.NewInvalidError(store.FieldError{
		Field: "name", Code: "repeated",
		Message: "another section of this file has the same name, which Asterisk compares without regard to case; choose a different one",
	})
}
