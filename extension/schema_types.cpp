// Schema records of types, casts, operators and their classes, collations and conversions.
#include "schema_queries.hpp"
#include "schema_sql.hpp"

namespace pgdr {

namespace {

// Composite types list their attributes; of the others each has its own words. Labels stand in sort
// order.
constexpr char kTypes[] =
    "SELECT t.kind, t.identity, 'definition', 'strict', CASE t.typtype"
    " WHEN 'c' THEN 'AS (' || coalesce((SELECT string_agg(quote_ident(a.attname) || ' ' ||"
    "   format_type(a.atttypid, a.atttypmod) ||"
    "   CASE WHEN a.attcollation NOT IN (0, ty.typcollation) THEN ' COLLATE ' ||"
    "    (SELECT quote_ident(n.nspname) || '.' || quote_ident(co.collname) FROM pg_collation co"
    "     JOIN pg_namespace n ON n.oid = co.collnamespace WHERE co.oid = a.attcollation)"
    "   ELSE '' END, ', ' ORDER BY a.attnum) FROM pg_attribute a JOIN pg_type ty ON ty.oid = a.atttypid"
    "   WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped), '') || ')'"
    " WHEN 'e' THEN 'AS ENUM (' || coalesce((SELECT string_agg(quote_literal(e.enumlabel), ', '"
    "   ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid), '') || ')'"
    " WHEN 'r' THEN (SELECT concat_ws(', ', 'AS RANGE (SUBTYPE = ' || format_type(r.rngsubtype, NULL),"
    "   (SELECT 'SUBTYPE_OPCLASS = ' || quote_ident(n.nspname) || '.' || quote_ident(o.opcname)"
    "    FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace WHERE o.oid = r.rngsubopc),"
    "   (SELECT 'COLLATION = ' || quote_ident(n.nspname) || '.' || quote_ident(co.collname)"
    "    FROM pg_collation co JOIN pg_namespace n ON n.oid = co.collnamespace"
    "    WHERE co.oid = r.rngcollation),"
    "   CASE WHEN r.rngcanonical::oid <> 0 THEN 'CANONICAL = ' || r.rngcanonical END,"
    "   CASE WHEN r.rngsubdiff::oid <> 0 THEN 'SUBTYPE_DIFF = ' || r.rngsubdiff END) || ')'"
    "   FROM pg_range r WHERE r.rngtypid = t.oid)"
    " WHEN 'b' THEN concat_ws(', ', 'INPUT = ' || t.typinput, 'OUTPUT = ' || t.typoutput,"
    "   CASE WHEN t.typreceive::oid <> 0 THEN 'RECEIVE = ' || t.typreceive END,"
    "   CASE WHEN t.typsend::oid <> 0 THEN 'SEND = ' || t.typsend END,"
    "   CASE WHEN t.typmodin::oid <> 0 THEN 'TYPMOD_IN = ' || t.typmodin END,"
    "   CASE WHEN t.typmodout::oid <> 0 THEN 'TYPMOD_OUT = ' || t.typmodout END,"
    "   CASE WHEN t.typanalyze::oid <> 0 THEN 'ANALYZE = ' || t.typanalyze END,"
    // What CREATE TYPE … (ELEMENT = …) has meant since 14 goes without saying.
    PGDR_FROM_14("CASE WHEN t.typsubscript::oid <> 0 AND"
      " t.typsubscript <> 'raw_array_subscript_handler'::regproc THEN"
      " 'SUBSCRIPT = ' || t.typsubscript END,", "")
    "   CASE WHEN t.typbyval THEN 'PASSEDBYVALUE' END,"
    "   CASE WHEN t.typcollation <> 0 THEN 'COLLATABLE' END,"
    "   CASE WHEN t.typdelim <> ',' THEN 'DELIMITER = ' || quote_literal(t.typdelim::text) END,"
    "   'LENGTH = ' || t.typlen, 'ALIGNMENT = ' || t.typalign::text, 'STORAGE = ' || t.typstorage::text,"
    "   'CATEGORY = ' || t.typcategory::text, 'PREFERRED = ' || t.typispreferred,"
    "   CASE WHEN t.typelem <> 0 THEN 'ELEMENT = ' || format_type(t.typelem, NULL) END,"
    "   'DEFAULT = ' || t.typdefault)"
    " WHEN 'p' THEN CASE WHEN t.typisdefined THEN 'PSEUDO' ELSE 'SHELL' END END"
    " FROM " PGDR_TYPES " t WHERE t.typtype <> 'd'";

// Version 14 brought multiranges (6df7a9698bb0), and with them one for each range type.
constexpr char kMultiranges[] =
    "SELECT t.kind, t.identity, 'multirange', 'strict',"
    " " PGDR_FROM_14("format_type(r.rngmultitypid, NULL)",
                     "NULL") " FROM " PGDR_TYPES " t JOIN pg_range r ON r.rngtypid = t.oid";

constexpr char kDomains[] =
    "SELECT t.kind, t.identity, 'definition', 'strict',"
    " 'AS ' || format_type(t.typbasetype, t.typtypmod) ||"
    " CASE WHEN t.typcollation NOT IN (0, base.typcollation) THEN ' COLLATE ' ||"
    "  (SELECT quote_ident(n.nspname) || '.' || quote_ident(co.collname) FROM pg_collation co"
    "   JOIN pg_namespace n ON n.oid = co.collnamespace WHERE co.oid = t.typcollation)"
    " ELSE '' END || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END ||"
    " coalesce(' DEFAULT ' || d.expression, ''), 'x'::\"char\", 0::oid,"
    " CASE WHEN d.expression IS NOT NULL THEN ARRAY[d.expression] END"
    " FROM " PGDR_TYPES
    " t JOIN pg_type base ON base.oid = t.typbasetype"
    " CROSS JOIN LATERAL (SELECT pg_get_expr(t.typdefaultbin, 0) AS expression) d"
    " WHERE t.typtype = 'd'";

constexpr char kCasts[] =
    "SELECT 'cast', c.identity, 'definition', 'strict',"
    " CASE c.castmethod WHEN 'f' THEN 'WITH FUNCTION ' || c.castfunc::regprocedure"
    "  WHEN 'i' THEN 'WITH INOUT' ELSE 'WITHOUT FUNCTION' END ||"
    " CASE c.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' ELSE '' END"
    " FROM " PGDR_CASTS " c";

// An operator without a function is a mere name that another one gave as its commutator or negator;
// a dump leaves it out.
constexpr char kOperators[] =
    "SELECT 'operator', o.identity, 'definition',"
    " CASE WHEN o.oprcode::oid = 0 THEN 'warning' ELSE 'strict' END, concat_ws(', ',"
    " 'FUNCTION = ' || o.oprcode, 'RESULT = ' || format_type(o.oprresult, NULL),"
    " CASE WHEN o.oprcom <> 0 THEN 'COMMUTATOR = ' || o.oprcom::regoperator END,"
    " CASE WHEN o.oprnegate <> 0 THEN 'NEGATOR = ' || o.oprnegate::regoperator END,"
    " CASE WHEN o.oprrest::oid <> 0 THEN 'RESTRICT = ' || o.oprrest END,"
    " CASE WHEN o.oprjoin::oid <> 0 THEN 'JOIN = ' || o.oprjoin END,"
    " CASE WHEN o.oprcanmerge THEN 'MERGES' END, CASE WHEN o.oprcanhash THEN 'HASHES' END)"
    " FROM " PGDR_OPERATORS " o";

constexpr char kOperatorClasses[] =
    "SELECT 'operator class', c.identity, 'definition', 'strict', concat_ws(' ',"
    " CASE WHEN c.opcdefault THEN 'DEFAULT' END, 'FOR TYPE ' || format_type(c.opcintype, NULL),"
    " 'FAMILY ' || quote_ident(n.nspname) || '.' || quote_ident(f.opfname),"
    " CASE WHEN c.opckeytype <> 0 THEN 'STORAGE ' || format_type(c.opckeytype, NULL) END)"
    " FROM " PGDR_OPCLASSES("pg_opclass", "opc", "opc") " c"
    " JOIN pg_opfamily f ON f.oid = c.opcfamily JOIN pg_namespace n ON n.oid = f.opfnamespace";

constexpr char kOperatorFamilies[] =
    "SELECT 'operator family', f.identity, 'definition', 'strict', concat_ws(', ',"
    " (SELECT string_agg(format('OPERATOR %s %s FOR %s%s', a.amopstrategy, a.amopopr::regoperator,"
    "    a.amoppurpose, CASE WHEN a.amopsortfamily <> 0 THEN ' BY ' || (SELECT "
    "quote_ident(n.nspname)"
    "     || '.' || quote_ident(s.opfname) FROM pg_opfamily s JOIN pg_namespace n"
    "     ON n.oid = s.opfnamespace WHERE s.oid = a.amopsortfamily) ELSE '' END), ', '"
    "    ORDER BY a.amopstrategy, a.amopopr::regoperator::text COLLATE \"C\")"
    "  FROM pg_amop a WHERE a.amopfamily = f.oid),"
    " (SELECT string_agg(format('FUNCTION %s (%s, %s) %s', p.amprocnum,"
    "    format_type(p.amproclefttype, NULL), format_type(p.amprocrighttype, NULL),"
    "    p.amproc::oid::regprocedure), ', ' ORDER BY p.amprocnum,"
    "    p.amproc::oid::regprocedure::text COLLATE \"C\")"
    "  FROM pg_amproc p WHERE p.amprocfamily = f.oid))"
    " FROM " PGDR_OPCLASSES("pg_opfamily", "opf", "opf") " f";

constexpr char kCollations[] =
    "SELECT 'collation', c.identity, f.facet, f.class, f.definition"
    " FROM " PGDR_OBJECTS("pg_collation", "coll") " c"
    " CROSS JOIN LATERAL (VALUES ('definition', 'strict', concat_ws(', ',"
    "  'PROVIDER = ' || c.collprovider::text, 'DETERMINISTIC = ' || c.collisdeterministic,"
    "  CASE WHEN c.collencoding >= 0 THEN 'ENCODING = ' || pg_encoding_to_char(c.collencoding) END,"
    // Before 15 the locale of ICU stood where that of libc does (f2553d43060e).
    "  CASE WHEN c.collprovider <> 'i' THEN 'LC_COLLATE = ' || quote_literal(c.collcollate) END,"
    "  CASE WHEN c.collprovider <> 'i' THEN 'LC_CTYPE = ' || quote_literal(c.collctype) END,"
    "  'LOCALE = ' || quote_literal(" PGDR_FROM_17("c.colllocale", PGDR_FROM_15("c.colliculocale",
      "CASE WHEN c.collprovider = 'i' THEN c.collcollate END")) ")"
    PGDR_FROM_16(", 'RULES = ' || quote_literal(c.collicurules)", "") ")),"
    "  ('version', 'warning', c.collversion)) f(facet, class, definition)"
    " WHERE f.definition IS NOT NULL";

constexpr char kConversions[] =
    "SELECT 'conversion', c.identity, 'definition', 'strict',"
    " CASE WHEN c.condefault THEN 'DEFAULT ' ELSE '' END || 'FOR ' ||"
    " pg_encoding_to_char(c.conforencoding) || ' TO ' || pg_encoding_to_char(c.contoencoding) ||"
    " ' FROM ' || c.conproc FROM " PGDR_OBJECTS("pg_conversion", "con") " c";

}  // namespace

const char* const kTypeQueries[] = {kTypes,       kMultiranges,     kDomains,          kCasts,
                                    kOperators,   kOperatorClasses, kOperatorFamilies, kCollations,
                                    kConversions, nullptr};

}  // namespace pgdr
