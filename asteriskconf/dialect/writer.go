package dialect

import (
	"errors"
	"io"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// WriterOptions are the options of [NewWriter].
type WriterOptions struct {
	// RepeatSections allows several sections with one name, as in pjsip.conf.
	// By default Writer rejects a repeated name, ignoring case, because most
	// modules then use one of them or mix both.
	RepeatSections bool
}

// A batch is written when it reaches this many sections or bytes.
const (
	batchSections = 256
	batchBytes    = 256 << 10
)

// Writer writes one configuration file, section by section. Asterisk reads
// exactly the given names, keys and values: in order, with repeated keys and
// with every byte. Writer rejects what the dialect cannot express and never
// changes it: control characters, blanks at the ends, invalid UTF-8, and
// anything longer than Asterisk's buffers.
//
// Writer holds at most a few hundred sections in memory and, unless
// RepeatSections is set, the names of all sections. It is not safe for
// concurrent use.
type Writer struct {
	w       io.Writer
	batch   batch
	comment []string
	// names is nil if sections may repeat.
	names *nameSet
	err   error
}

// NewWriter returns a writer to w. Call [Writer.Close] at the end.
func NewWriter(w io.Writer, opts *WriterOptions) *Writer {
	wr := &Writer{w: w}
	if opts == nil || !opts.RepeatSections {
		wr.names = &nameSet{}
	}
	return wr
}

// Comment writes text as comment lines before the next section, or at the end
// of the file. Any text is safe: it is split into lines and trimmed, control
// characters become blanks, and nothing in it can start a block comment.
func (w *Writer) Comment(text string) error {
	if w.err != nil {
		return w.err
	}
	w.comment = append(w.comment, commentLines(text)...)
	return nil
}

// Section writes a section. It returns a [*store.InvalidError] for the fields
// "name", "lines[3].key" and so on if the file cannot express the section. It
// then writes nothing of the section, and the writer stays usable. Any other
// error comes from the underlying writer and is final.
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

// Close writes the remaining data and returns the first error. It does not
// close the underlying writer.
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

// flushComment writes a comment that no section follows.
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

// addName adds a section name. It returns an error if the name exists.
func (w *Writer) addName(name string) error {
	if w.names == nil || w.names.add(name) {
		return nil
	}
	return store.NewInvalidError(store.FieldError{
		Field: "name", Code: store.CodeRepeated,
		Message: "another section of this file has the same name (Asterisk ignores case); choose a different one",
	})
}
