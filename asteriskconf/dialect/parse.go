package dialect

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// DefaultMaxBytes is the default of [ParseOptions.MaxBytes]: 256 MiB.
const DefaultMaxBytes = 256 << 20

// maxFindings bounds what is kept of a file that is wrong in every line.
const maxFindings = 1000

// maxFiles bounds the files that one configuration may include.
const maxFiles = 10_000

// ParseOptions are the options of [Parse].
type ParseOptions struct {
	// Name is the file name in findings and positions. Default "input".
	Name string
	// Include returns the files that an #include or #tryinclude names, in the
	// order in which Asterisk reads them. The pattern is as written in the
	// file, without quotes. nil means that includes are not followed: each
	// becomes a finding.
	Include func(pattern string) ([]IncludedFile, error)
	// MaxBytes bounds the bytes that are read from all files together, and,
	// times four, the memory that the tree takes. Default [DefaultMaxBytes].
	MaxBytes int64
}

// IncludedFile is one file that an include matches.
type IncludedFile struct {
	// Name is the name in findings and positions.
	Name string
	// Open opens the file. An error that matches [fs.ErrNotExist] means what
	// it means to Asterisk: there is no such file. Any other error ends Parse.
	Open func() (io.ReadCloser, error)
}

// Position is a place in a configuration file.
type Position struct {
	File string `json:"file"`
	// Line counts from 1.
	Line int `json:"line"`
}

// ParsedSection is a [Section] with the places that it was read from.
type ParsedSection struct {
	Section
	// File and Line are the place of the header.
	File string
	Line int
	// Template says that the section is marked (!): it exists to be inherited
	// from, and modules do not see it.
	Template bool
	// Bases are the names of the sections it inherits from. Their lines stand
	// in Lines already.
	Bases []string
	// Positions holds the place of each of Lines: At[i] is where Lines[i] is written,
	// which for an inherited line is in the base, and for a line that came by
	// "[name](+)" behind that header.
	Positions []Position
}

// Tree is what Asterisk makes of a configuration file.
type Tree struct {
	// Sections are all sections in the order in which Asterisk keeps them. In
	// a tree that is not valid they are those before the fault.
	Sections []ParsedSection
	// Findings are in the order in which the lines are read. At most 1000 are
	// kept; the last then has the code [FindingTruncated].
	Findings []Finding
	// Files are the names of all files that were read, each once.
	Files []string
	// Includes are the #include and #tryinclude lines that were followed, in
	// the order in which they are read.
	Includes []Include
}

// Include is one include line.
type Include struct {
	Position
	// Pattern is what it names, without quotes.
	Pattern string
}

// Valid reports whether Asterisk takes the configuration at all. Findings
// that are Partial are no obstacle to it: look at them separately.
func (t *Tree) Valid() bool {
	return !slices.ContainsFunc(t.Findings, func(f Finding) bool { return f.Invalid })
}

// ResolvedSections returns the sections as modules and the AMI action GetConfig see
// them: without templates, and with inherited lines in place.
func (t *Tree) ResolvedSections() []Section {
	var plain []Section
	for i := range t.Sections {
		if !t.Sections[i].Template {
			plain = append(plain, t.Sections[i].Section)
		}
	}
	return plain
}

// Parse reads a configuration file as Asterisk 22 does (main/config.c):
// comments, block comments, escapes, templates, additions, includes, and the
// silent limits. What Asterisk would complain of, lose or reject becomes a
// [Finding], never an error: an error means that a file could not be read.
//
// Nothing is ever run: an #exec is a finding. Files that Asterisk would take
// from a database instead (extconfig.conf) are read as files.
func Parse(r io.Reader, opts *ParseOptions) (*Tree, error) {
	o := ParseOptions{}
	if opts != nil {
		o = *opts
	}
	if o.Name == "" {
		o.Name = "input"
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(r), nil }
	p := newParser(o.Include, o.MaxBytes)
	if _, err := p.loadRoot([]IncludedFile{{Name: o.Name, Open: open}}); err != nil {
		return nil, err
	}
	return p.buildTree(), nil
}

// The ways in which reading ends early without being an error of Parse.
var (
	// errRejected ends the reading of one file, and of the other files of the
	// same include.
	errRejected = errors.New("rejected")
	// errHalted ends all reading.
	errHalted = errors.New("halted")
)

// parser is the state that all files of one configuration share.
type parser struct {
	include  func(pattern string) ([]IncludedFile, error)
	tree     Tree
	sections sectionIndex
	// byName is nil until a section is looked for.
	byName map[string]*sectionIndex
	// current is the section that an included file begins in.
	current *category
	// depth is the number of files that are open one inside the other.
	depth int
	// bytesLeft and memory are what may still be read and kept.
	bytesLeft, memoryLeft int64
	seen                  map[string]bool
	omitted               int
	arena                 arena
}

func newParser(include func(string) ([]IncludedFile, error), maxBytes int64) *parser {
	if maxBytes <= 0 {
		maxBytes = DefaultMaxBytes
	}
	return &parser{
		include:    include,
		bytesLeft:  maxBytes,
		memoryLeft: 4 * maxBytes,
		seen:       map[string]bool{},
		arena:      arena{keys: map[string]string{}},
	}
}

// loadRoot reads the file that was asked for. It returns how many files there
// were, which is 0 or 1.
func (p *parser) loadRoot(files []IncludedFile) (int, error) {
	p.depth = 1
	n, err := p.loadFiles(files, true)
	if errors.Is(err, errRejected) || errors.Is(err, errHalted) {
		err = nil
	}
	return n, err
}

// buildTree turns what was read into the tree.
func (p *parser) buildTree() *Tree {
	p.tree.Sections = make([]ParsedSection, len(p.sections.list))
	for i, c := range p.sections.list {
		p.tree.Sections[i] = ParsedSection{
			Section:   Section{Name: c.name, Lines: c.lines},
			File:      c.pos.File,
			Line:      c.pos.Line,
			Template:  c.template,
			Bases:     c.bases,
			Positions: c.positions,
		}
	}
	if p.omitted > 0 {
		p.tree.Findings = append(p.tree.Findings, Finding{
			File: p.tree.Files[0], Line: 1, Code: FindingTruncated, Partial: true,
			Message: fmt.Sprintf("%d more findings are left out; mend the first ones and look again", p.omitted),
		})
	}
	return &p.tree
}

// report keeps a finding. What decides over the whole file is always kept.
func (p *parser) report(f Finding) {
	if len(p.tree.Findings) >= maxFindings && !f.Invalid {
		p.omitted++
		return
	}
	p.tree.Findings = append(p.tree.Findings, f)
}
