\echo Use "CREATE EXTENSION pgdr" to load this file. \quit
