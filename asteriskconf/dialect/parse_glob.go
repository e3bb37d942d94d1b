package dialect

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Limits of pattern expansion: names compared, and names in one folder.
const (
	maxNames       = 1 << 24
	maxNamesPerDir = 1 << 20
)

// errTooManyFiles means that patterns lead to more names than maxNames.
var errTooManyFiles = errors.New("too many files")

// expand returns the paths below root that a pattern matches, like glob(3) with
// GLOB_BRACE and GLOB_NOMAGIC. The alternatives of a brace are matched in
// order. A brace without a matching alternative is literal text. An
// alternative, unlike a whole pattern, matches only if it exists.
func (f *fileFinder) expand(root, pattern string, mustExist bool) ([]string, error) {
	alternatives := cutBraces(pattern)
	var found []string
	for _, alternative := range alternatives {
		paths, err := f.expand(root, alternative, true)
		if err != nil {
			return nil, err
		}
		found = append(found, paths...)
	}
	if len(found) > 0 || (len(alternatives) > 0 && mustExist) {
		return found, nil
	}
	// A trailing slash would ask for a folder, but glob strips it.
	pattern = strings.TrimRight(pattern, "/")
	if !isPattern(pattern) {
		if path := root + pattern; !mustExist || f.exists(path) {
			return []string{path}, nil
		}
		return nil, nil
	}
	found, err := f.match(root, strings.Split(pattern, "/"))
	slices.Sort(found)
	return found, err
}

// match returns the paths below dir that the parts of a pattern match.
func (f *fileFinder) match(dir string, parts []string) ([]string, error) {
	part, rest := parts[0], parts[1:]
	if part == "" || !isPattern(part) {
		path := dir + part
		if len(rest) > 0 {
			return f.match(path+"/", rest)
		}
		if part != "" && f.exists(path) {
			return []string{path}, nil
		}
		return nil, nil
	}
	names, err := f.listDir(dir)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, name := range names {
		if !matchName(part, name) {
			continue
		}
		if len(rest) == 0 {
			found = append(found, dir+name)
			continue
		}
		below, err := f.match(dir+name+"/", rest)
		if err != nil {
			return nil, err
		}
		found = append(found, below...)
	}
	return found, nil
}

// listDir returns the names in a folder. An unreadable folder counts as empty.
func (f *fileFinder) listDir(dir string) ([]string, error) {
	dir = filepath.Clean(dir)
	names, ok := f.dirCache[dir]
	if !ok {
		names = f.readNames(dir)
		f.dirCache[dir] = names
	}
	if f.nameCount += len(names); f.nameCount > maxNames {
		return nil, errTooManyFiles
	}
	return names, nil
}

func (f *fileFinder) readNames(dir string) []string {
	var names []string
	for path := range f.replace {
		if below, ok := strings.CutPrefix(path, strings.TrimSuffix(dir, "/")+"/"); ok {
			name, _, _ := strings.Cut(below, "/")
			names = append(names, name)
		}
	}
	if opened, err := os.Open(dir); err == nil {
		listed, _ := opened.Readdirnames(maxNamesPerDir)
		names = append(names, listed...)
		_ = opened.Close()
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// isPattern reports whether text contains a character that is special to glob.
func isPattern(text string) bool { return strings.ContainsAny(text, `*?[\`) }

// cutBraces expands the first brace of a pattern. It returns nothing if there
// is no brace or the brace is not closed.
func cutBraces(pattern string) []string {
	open, depth := -1, 0
	var cuts []int
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\':
			i++
		case c == '{':
			if depth == 0 {
				open = i
			}
			depth++
		case c == ',' && depth == 1:
			cuts = append(cuts, i)
		case c == '}' && depth > 0:
			if depth--; depth == 0 {
				return expandBrace(pattern, open, append(cuts, i))
			}
		}
	}
	return nil
}

// expandBrace returns the expansions of a brace. The cuts are the indexes of
// its commas and its end.
func expandBrace(pattern string, open int, cuts []int) []string {
	end := cuts[len(cuts)-1]
	found := make([]string, len(cuts))
	from := open + 1
	for i, cut := range cuts {
		found[i] = pattern[:open] + pattern[from:cut] + pattern[end+1:]
		from = cut + 1
	}
	return found
}
