package keys

// byScanCode holds the scan codes of the first set, as Windows sends them.
var byScanCode = consecutive([...]int{0x10, 0x1E, 0x2C})
