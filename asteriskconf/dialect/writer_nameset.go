package dialect

// nameSet holds the section names of a file. Most files are sorted by name, and
// each name after the last is new. Only the first unsorted name costs a map.
type nameSet struct {
	sorted []string
	set    map[string]struct{}
}

// add adds a name and reports whether it is new, ignoring case.
func (n *nameSet) add(name string) bool {
	if classesOf(name)&classUpper != 0 {
		name = FoldName(name)
	}
	if n.set == nil {
		if len(n.sorted) == 0 || n.sorted[len(n.sorted)-1] < name {
			n.sorted = append(n.sorted, name)
			return true
		}
		n.set = make(map[string]struct{}, 2*len(n.sorted))
		for _, known := range n.sorted {
			n.set[known] = struct{}{}
		}
		n.sorted = nil
	}
	known := len(n.set)
	n.set[name] = struct{}{}
	return len(n.set) > known
}
