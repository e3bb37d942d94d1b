package dialect

// nameSet holds the names of the sections of a file. Files are mostly written
// in the order of their names, where each name is new that follows the last:
// only the first name out of order costs a map.
type nameSet struct {
	sorted []string
	set    map[string]struct{}
}

// add reports whether the name, compared without regard to case, is new.
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
