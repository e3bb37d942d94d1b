package dialect

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// DefaultMaxBytes is the default of [ParseOptions.MaxBytes]: 256 MiB.
const DefaultMaxBytes = 256 << 20

// maxFindings limits the findings of a file that is wrong in every line.
const maxFindings = 1000

// maxFiles limits the files of one configuration.
const maxFiles = 10_000

// ParseOptions are the options of [Parse].
type ParseOptions struct {
	// Name is the file name in findings and positions. Default "input".
	Name string
	// Include returns the files that an #include or #tryinclude names, in the
	// order in which Asterisk reads them. The pattern is as written in the
	// file, without quotes. If Include is nil, includes are not followed, and
	// each becomes a finding.
	Include func(pattern string) ([]IncludedFile, error)
	// MaxBytes limits the bytes read from all files together. The tree may take
	// four times as much memory. Default [DefaultMaxBytes].
	MaxBytes int64
}

// IncludedFile is one file that an include matches.
type IncludedFile struct {
	// Name is the name in findings and positions.
	Name string
	// Open opens the file. An error wrapping [fs.ErrNotExist] means that the
	// file does not exist. Any other error ends Parse.
	Open func() (io.ReadCloser, error)
}

// Position is a place in a configuration file.
type Position struct {
	File string `json:"file"`
	// Line counts from 1.
	Line int `json:"line"`
}

// ParsedSection is a [Section] with the positions it was read from.
type ParsedSection struct {
	Section
	// File and Line are the position of the header.
	File string
	Line int
	// Template reports whether the section is marked (!). Other sections
	// inherit from a template, and modules do not see it.
	Template bool
	// Bases are the names of the sections it inherits from. Lines already holds
	// their lines.
	Bases []string
	// Positions[i] is the position of Lines[i]. For an inherited line it is in
	// the base section. For a line added by "[name](+)" it is below that
	// header.
	Positions []Position
}

// Tree is the configuration that Asterisk reads from a file.
type Tree struct {
	// Sections are all sections in Asterisk's order. In an invalid tree they
	// are the sections before the error.
	Sections []ParsedSection
	// Findings are in the order in which the lines are read. There are at most
	// 1000. If there are more, the last one has the code [FindingTruncated].
	Findings []Finding
	// Files are the names of all files that were read, without duplicates.
	Files []string
	// Includes are the #include and #tryinclude lines that were followed, in
	// the order in which they are read.
	Includes []Include
}

// Include is one include line.
type Include struct {
	Position
	// Pattern is the file or glob pattern that the line names, without quotes.
	Pattern string
}

// Valid reports whether Asterisk accepts the configuration. It ignores Partial
// findings.
func (t *Tree) Valid() bool {
	return !slices.ContainsFunc(t.Findings, func(f Finding) bool { return f.Invalid })
}

// ResolvedSections returns the sections as modules and the AMI action GetConfig
// see them: without templates, and with inherited lines.
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
// silent limits. Whatever Asterisk complains about, drops or rejects becomes a
// [Finding]. Parse returns an error only if a file cannot be read.
//
// Parse never runs a program: an #exec becomes a finding. Files that Asterisk
// would load from a database (extconfig.conf) are read as files.
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

// These errors end the reading early. Parse does not return them.
var (
	// errRejected ends the reading of one file and of the other files of the
	// same include.
	errRejected = errors.New("rejected")
	// errHalted ends all reading.
	errHalted = errors.New("halted")
)

// parser is the state shared by all files of one configuration.
type parser struct {
	include  func(pattern string) ([]IncludedFile, error)
	tree     Tree
	sections sectionIndex
	// byName is nil until the first lookup.
	byName map[string]*sectionIndex
	// current is the section in which an included file begins.
	current *category
	// depth is the number of nested open files.
	depth int
	// bytesLeft and memoryLeft are the remaining limits.
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

// loadRoot reads the root file. It returns the number of files, which is 0 or
// 1.
func (p *parser) loadRoot(files []IncludedFile) (int, error) {
	p.depth = 1
	n, err := p.loadFiles(files, true)
	if errors.Is(err, errRejected) || errors.Is(err, errHalted) {
		err = nil
	}
	return n, err
}

// buildTree builds the tree from the sections.
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
			Message: fmt.Sprintf("%d more findings are not shown; fix the first ones and check again", p.omitted),
		})
	}
	return &p.tree
}

// report adds a finding. It never drops an Invalid one.
func (p *parser) report(f Finding) {
	if len(p.tree.Findings) >= maxFindings && !f.Invalid {
		p.omitted++
		return
	}
	p.tree.Findings = append(p.tree.Findings, f)
}
