package keys

import "fyne.io/fyne/v2"

// rows of the Latin keyboard from its first letter key on; each starts at a scan code of its own.
var rows = [...]string{"QWERTYUIOP[]", "ASDFGHJKL", "ZXCVBNM"}

// consecutive maps scan codes to keys on systems that number a row's keys one after the other.
func consecutive(starts [len(rows)]int) map[int]fyne.KeyName {
	m := map[int]fyne.KeyName{}
	for i, row := range rows {
		for j := range len(row) {
			m[starts[i]+j] = fyne.KeyName(row[j : j+1])
		}
	}
	return m
}
