package study

import (
	"path/filepath"
	"slices"
	"strings"
)

// sortItems puts series together in the order of their numbers, and instances in theirs within. Studies, and folders of
// other files, stay in the order in which they came.
func sortItems(items []*Item) {
	type key struct{ study, number, series, instance int }
	first := map[string]int{}
	rank := func(name string, i int) int {
		if _, ok := first[name]; !ok {
			first[name] = i
		}
		return first[name]
	}
	keys := make(map[*Item]key, len(items))
	for i, it := range items {
		o := it.order
		if o.study == "" {
			o.study = filepath.Dir(it.Path)
		}
		keys[it] = key{
			rank("study "+o.study, i), o.seriesNumber, rank("series "+o.study+" "+o.series, i), o.instance,
		}
	}
	slices.SortStableFunc(items, func(a, b *Item) int {
		x, y := keys[a], keys[b]
		return compareAll([4]int{x.study, x.number, x.series, x.instance}, [4]int{y.study, y.number, y.series, y.instance})
	})
}

func compareAll(a, b [4]int) int {
	for i := range a {
		if a[i] != b[i] {
			return a[i] - b[i]
		}
	}
	return 0
}

// natural compares names so that "f2" comes before "f10".
func natural(a, b string) int {
	for a != "" && b != "" {
		da, db := digits(a), digits(b)
		if da > 0 && db > 0 {
			x, y := strings.TrimLeft(a[:da], "0"), strings.TrimLeft(b[:db], "0")
			if len(x) != len(y) {
				return len(x) - len(y)
			}
			if c := strings.Compare(x, y); c != 0 {
				return c
			}
			a, b = a[da:], b[db:]
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

// digits is how many decimal digits s begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
