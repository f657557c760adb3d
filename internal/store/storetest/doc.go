// Package storetest puts a file system of the tests' own between SQLite and the disk, which can fail, hang, or write down
// what it was told. It is for Linux.
package storetest
