"""What ProHandel writes on the wire: every resource, its fields in wire order and how each is formatted.

The number formats matter as much as the names: a client that parses `100020962.0` as float, or `9.90` as text, is
wrong on the real API too. Each declaration word is `field:kind`; a word without a kind is text.
"""

from __future__ import annotations

from typing import Any, NamedTuple

INSTANTS_IN = "UTC"
"""Zone in which `lastChange` and `created` are written. The real API does not say; a world may choose local time."""

SENTINEL_DATE = "1990-01-01"
"""What the ERP writes in some `first…Date` fields instead of null."""

API_VERSIONS = "2.0, " + ", ".join(f"2.{minor}" for minor in range(5, 30))


class Field(NamedTuple):
    """One field on the wire.

    Kinds: int; dec2 (two decimals); dbl (`7.0`); num (shortest float); str; bool; uuid; dt (`YYYY-MM-DDTHH:MM:SS`
    or null); ts (fraction of 0-7 digits); null (always null); list (nested rows).
    """

    name: str
    kind: str


_DECLARATIONS = {
    "sale": """articleNumber:dbl branchNumber:int articleSizeNumber:dbl customerNumber:int currencyNumber
        countryNumber zipCode alternativeReceiptNumber staffNumber:int receiptNumber:int date:dt purchasePrice:dec2
        id:uuid cashierNumber:int discount:dec2 cashRegisterNumber:int deduction:dec2 staffDiscount:dec2
        receiptPosition:int priceChangeReasonNumber:int returnReasonNumber:int quantity:dec2 salePrice:dec2
        labelPrice:dec2 paymentOptionNumber:int time:int type:int lastChange:ts isDeleted:bool""",
    "articlesize": """articleNumber:dbl branchNumber:int size sizeGroup:int ean purchasePrice:dec2
        firstPurchaseDate:dt lastPurchaseDate:dt fifo:int id:uuid volumeUnit:dbl isNOS:bool number:dbl salePrice:dec2
        firstSaleDate:dt lastSaleDate:dt labelPrice:dec2 currencyNumber priceUnitNumber lastChange:ts isDeleted:bool
        stockQuantity:dec2 selectionQuantity:dec2""",
    "article": """isActive:bool imageName individualArticleNumber sizeType articleFlag supplierSeason
        supplierCategory text1 text2 text3 priceUnitNumber brochure purchasePrice:dec2 firstPurchaseDate:dt
        lastPurchaseDate:dt id:uuid manufacturerNumber:int information supplierArticleNumber supplierColor isNOS:bool
        number:dbl firstOrderDate:dt lastOrderDate:dt gender:int price:dec2 firstSaleDate:dt lastSaleDate:dt
        labelPrice:dec2 calculatedPrice:dec2 patternNumber:int colorNumber:int shapeNumber:int brandNumber:int
        materialNumber:int shopNumber:int targetGroupNumber:int functionNumber:int labelNumber:int currencyNumber
        countryNumber supplierNumber:int seasonNumber:int categoryNumber:int lastChange:ts isDeleted:bool""",
    "branch": """stateNumber:int isActive:bool imageName bankCode:int email fax id:uuid iban glN1:dbl glN2:dbl
        branchInfo isWebshop:bool stocktakingDate:dt bankAccount logoFileName searchTerm name1 name2 name3 number:int
        city zipCode street bic telephoneNumber countryNumber regionNumber:int lastChange:ts isDeleted:bool
        openMonday:null openTuesday:null openWednesday:null openThursday:null openFriday:null openSaturday:null
        openSunday:null""",
    "category": """departmentNumber:int labelNumber:int mainDepartmentNumber:int mainCategoryNumber:int
        generalCategoryNumber:int taxNumber:int name isServiceCategory:bool id:uuid searchTerm number:int
        lastChange:ts isDeleted:bool""",
    "supplier": """currencyNumber countryNumber isActive:bool isEDI:bool bankCode:int email fax id:uuid website iban
        info1 info2 bankAccount searchTerm mobilePhone name1 name2 name3 number:int city zipCode street bic telephone
        shipmentOptionNumber:int paymentOptionNumber:int lastChange:ts isDeleted:bool""",
    "customer": """creationDate:dt searchTerm number:int personalSalutation name1 name2 name3:null salutation
        revenue:dec2 bonusValue:dec2 loyalityPoints:int lastChange:ts isDeleted:bool mergedInto:null
        customerCardPrintDate:dt inactiveFlag:bool lastBonusSettlementDate:dt directDebitAuthorization:bool id:uuid
        branchNumber:int title isLockedForSelections:bool bankCode:int signedDeclarationOfConsent:bool email
        maritalStatus:int fax dateOfBirth:dt dateOfBirthSignificantOther:dt isBusiness:bool iban info1 info2
        bankAccount gender:int isStaff:bool mobilePhone subscriptionNewsletter:bool
        subscriptionNewsletterConfirmationDate:null lastName city zipCode isLocked:bool street bic telephone firstName
        subscriptionAdvertising:bool countryNumber staffNumber:int selectionCriteria1 selectionCriteria2
        selectionCriteria3 selectionCriteria4 selectionCriteria5 selectionCriteria6 selectionCriteria7
        selectionCriteria8 selectionCriteria9 vatNumber declarationsOfConsent:int groupNumber:int customerCard:int
        webshopUser webshopUserPassword customerType poBox poBoxZipCode telephoneSecondary mobilePhoneSecondary
        discountGroup:int discountPercent:dec2 bonusPercent:dec2 familyNumber:int bonusType:int hasCustomerCard:bool""",
    "staff": """branchNumber:int countryNumber isActive:bool salutation gender:int jobTitle imageName bankNumber:int
        personalEmail companyEmail fax dateOfBirth:dt id:uuid info bankAccount searchTerm mobilePhone lastName
        number:int city personalSalutation zipCode street telephone firstName entryDate:dt exitDate:dt lastChange:ts
        isDeleted:bool""",
    "season": "seasonNumber:int name id:uuid searchTerm validFrom:dt validUntil:dt lastChange:ts isDeleted:bool",
    "size": "sizeGroupNumber:int id:uuid name position:int lastChange:ts isDeleted:bool",
    "label": "name id:uuid searchTerm number:int lastChange:ts isDeleted:bool",
    "country": """currencyNumber countryName domain isEU:bool id:uuid isoAlpha2 isoAlpha3 searchTerm number
        lastChange:ts isDeleted:bool""",
    "currency": "unit:int id:uuid isoAlpha3 course:num number lastChange:ts isDeleted:bool",
    "inventory": """id:uuid branchNumber:int supplierNumber:int shopNumber:int categoryNumber:int active:bool date:dt
        stocktakingDate:dt type:int lastChange:ts isDeleted:bool""",
    "invoice": """branchNumber:int customerNumber:int currencyNumber receiptNumber:int receiptPosition:int date:dt
        paymentDueDate:null id:uuid staffNumber:int cashRegisterNumber:int number:int status:int amount:dec2
        amountCleared:dec2 paymentConditionNumber:int lastChange:ts isDeleted:bool""",
    "payment": """receiptNumber:int receiptPosition:int date:dt id:uuid cashRegisterNumber:int staffNumber:int
        status:int amount:dec2 branchNumber:int customerNumber:int currencyNumber invoiceDate:dt number:int
        lastChange:ts isDeleted:bool""",
    "credit": """amountRedeemed:dec2 branchNumber:int receiptNumber:int receiptPosition:int date:dt id:uuid number:int
        status:int value:dec2 customerNumber:int currencyNumber lastChange:ts isDeleted:bool""",
    "voucher": """amountRedeemed:dec2 id:uuid internetCode receiptNumber:int receiptPosition:int date:dt number:int
        status:int voucherRedemptionDate:dt type:int lastChange:ts isDeleted:bool branchNumber:int validUntil:dt
        validFrom:dt value:dec2 customerNumber:int currencyNumber note""",
    "order": """number:int source:int created:dt supplierNumber:int supplierOrderId id:uuid merchantNumber:int info
        overallDiscount:dec2 status:int type:int positions:list""",
    "order.positions": """id:uuid orderNumber:int articleNumber:dbl branchNumber:int sizeGroupNumber:int
        sizeGroupPosition:int size originalEAN purchasePrice:dec2 netPurchasePrice:dec2 ean isConsignment:bool
        deliveredAmount:dec2 orderAmount:dec2 backlogAmount:dec2 status:int salePrice:dec2 labelPrice:dec2
        distributionStatus:int distributedAmount:dec2 expectedArrival:dt lastChange:ts isDeleted:bool""",
}


def _fields(declaration: str) -> tuple[Field, ...]:
    words = (word.partition(":") for word in declaration.split())
    return tuple(Field(name, kind or "str") for name, _, kind in words)


FIELDS: dict[str, tuple[Field, ...]] = {name: _fields(text) for name, text in _DECLARATIONS.items()}
"""Fields of every resource (and of the positions nested in an order), in wire order."""

RESOURCES: tuple[str, ...] = tuple(name for name in FIELDS if "." not in name)
"""The nineteen collections that hold rows."""

EMPTY_RESOURCES = frozenset({"shop", "customercard"})
"""Collections that answer 200 with no rows."""

_BY_NUMBER = frozenset(
    [
        "article",
        "customer",
        "supplier",
        "category",
        "voucher",
        "invoice",
        "branch",
        "order",
        "staff",
        "label",
        "credit",
    ]
)
REVERSAL_OFFSET = 500_000
"""Added to a receipt position on the line that takes it back."""


def sort_key(resource: str, row: dict[str, Any]) -> Any:
    """Return the integer by which a list is ordered, for one row or for whole columns.

    Sales come newest receipt number first and then by position, most masters by business number; None means the
    order in which rows were stored, which is what `inventory` and `payment` look like to a client.
    """
    if resource == "sale":
        return row["receiptPosition"] - row["receiptNumber"] * 1_000_000
    if resource in _BY_NUMBER:
        return row["number"]
    if resource == "season":
        return row["seasonNumber"]
    return None
