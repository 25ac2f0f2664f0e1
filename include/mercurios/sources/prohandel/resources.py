"""What ProHandel declares: every resource with its columns and types, its cursor and personal data.

Field names, types and their order follow the recorded responses of the API; `dropped` fields are known to exist and
deliberately not read: personal data, bank details and free text that may hold either. `codes` are the values seen in
those responses.
"""

from __future__ import annotations

from datetime import timedelta

from mercurios.sources.contract import Contract, Resource, columns_of

_CURSOR, _TOMBSTONE = "lastChange", "isDeleted"


def _resource(
    name: str,
    columns: str,
    group: str,
    dropped: str = "",
    table: str | None = None,
    cursor: str | None = _CURSOR,
    tombstone: str | None = _TOMBSTONE,
    child_of: str | None = None,
    child_field: str | None = None,
    parent_key: str | None = None,
    personal: bool = False,
    renamed: dict[str, str] | None = None,
    codes: dict[str, tuple[int, ...]] | None = None,
    interval: timedelta = timedelta(0),
) -> Resource:
    return Resource(
        name=name,
        table=table or name,
        columns=columns_of(columns, renamed),
        dropped=frozenset(dropped.split()),
        group=group,
        cursor=cursor,
        tombstone=tombstone,
        child_of=child_of,
        child_field=child_field,
        parent_key=parent_key,
        personal=personal,
        codes=codes or {},
        interval=interval,
    )


# A person's number becomes a keyed hash; the column says so in its name.
_PERSON_KEYS = {
    "customerNumber": "customer_key",
    "staffNumber": "staff_key",
    "cashierNumber": "cashier_key",
}

# Masters that change in weeks, and what no mart reads.
_SLOW, _UNREAD = timedelta(hours=6), timedelta(hours=24)

_ALL = (
    _resource(
        "sale",
        """articleNumber:int branchNumber:int articleSizeNumber:int customerNumber:hash currencyNumber
        countryNumber staffNumber:hash receiptNumber:int date:date/booked purchasePrice:dec id cashierNumber:hash
        discount:dec cashRegisterNumber:int deduction:dec staffDiscount:dec receiptPosition:int
        priceChangeReasonNumber:int returnReasonNumber:int quantity:dec/units salePrice:dec labelPrice:dec
        paymentOptionNumber:int time:int/seconds type:int lastChange:ts isDeleted:bool""",
        group="sales",
        dropped="zipCode alternativeReceiptNumber",
        renamed=_PERSON_KEYS,
        codes={"type": (0, 1, 2, 3)},
    ),
    _resource(
        "articlesize",
        """articleNumber:int branchNumber:int size sizeGroup:code ean:code purchasePrice:dec
        firstPurchaseDate:date lastPurchaseDate:date fifo:code id volumeUnit:dbl isNOS:bool number:int
        salePrice:dec firstSaleDate:date lastSaleDate:date labelPrice:dec currencyNumber priceUnitNumber
        lastChange:ts isDeleted:bool stockQuantity:dec/units selectionQuantity:dec/units""",
        group="stock",
    ),
    _resource(
        "article",
        """isActive:bool purchasePrice:dec firstPurchaseDate:date lastPurchaseDate:date id
        manufacturerNumber:int supplierArticleNumber supplierColor isNOS:bool number:int firstOrderDate:date
        lastOrderDate:date gender:int price:dec firstSaleDate:date lastSaleDate:date labelPrice:dec
        calculatedPrice:dec patternNumber:int colorNumber:int shapeNumber:int brandNumber:int
        materialNumber:int shopNumber:int targetGroupNumber:int functionNumber:int labelNumber:int
        individualArticleNumber sizeType articleFlag supplierSeason supplierCategory text1 text2 text3
        priceUnitNumber brochure currencyNumber countryNumber supplierNumber:int seasonNumber:int
        categoryNumber:int lastChange:ts isDeleted:bool""",
        group="masters",
        dropped="imageName information",
    ),
    _resource(
        "branch",
        """stateNumber:int isActive:bool id glN1:int glN2:int isWebshop:bool stocktakingDate:date
        searchTerm name1 name2 name3 number:int city zipCode countryNumber regionNumber:int lastChange:ts
        isDeleted:bool openMonday openTuesday openWednesday openThursday openFriday openSaturday
        openSunday""",
        group="masters",
        dropped="imageName bankCode email fax iban branchInfo bankAccount logoFileName street bic telephoneNumber",
    ),
    _resource(
        "category",
        """departmentNumber:int labelNumber:int mainDepartmentNumber:int mainCategoryNumber:int
        generalCategoryNumber:int taxNumber:int name isServiceCategory:bool id searchTerm number:int
        lastChange:ts isDeleted:bool""",
        group="masters",
        interval=_SLOW,
    ),
    _resource(
        "supplier",
        """currencyNumber countryNumber isActive:bool isEDI:bool id website searchTerm name1 name2 name3
        number:int city zipCode shipmentOptionNumber:int paymentOptionNumber:int lastChange:ts
        isDeleted:bool""",
        group="masters",
        interval=_SLOW,
        dropped="bankCode email fax iban info1 info2 bankAccount mobilePhone street bic telephone",
    ),
    _resource(
        "season",
        "seasonNumber:int name id searchTerm validFrom:date validUntil:date lastChange:ts isDeleted:bool",
        group="masters",
        interval=_SLOW,
    ),
    _resource(
        "size",
        "sizeGroupNumber:int id name position:int lastChange:ts isDeleted:bool",
        group="masters",
        interval=_SLOW,
    ),
    _resource(
        "label", "name id searchTerm number:int lastChange:ts isDeleted:bool", group="masters", interval=_SLOW
    ),
    _resource(
        "country",
        """currencyNumber countryName domain isEU:bool id isoAlpha2 isoAlpha3 searchTerm number
        lastChange:ts isDeleted:bool""",
        group="masters",
        interval=_UNREAD,
    ),
    _resource(
        "currency",
        "unit:int id isoAlpha3 course:dbl number lastChange:ts isDeleted:bool",
        group="masters",
        interval=_SLOW,
    ),
    _resource(
        "inventory",
        """id branchNumber:int supplierNumber:int shopNumber:int categoryNumber:int active:bool date:date
        stocktakingDate:date type:int lastChange:ts isDeleted:bool""",
        group="documents",
        interval=_UNREAD,
    ),
    _resource(
        "invoice",
        """branchNumber:int customerNumber:hash currencyNumber receiptNumber:int receiptPosition:int
        date:date/booked paymentDueDate:date id staffNumber:hash cashRegisterNumber:int number:int status:int
        amount:dec amountCleared:dec paymentConditionNumber:int lastChange:ts isDeleted:bool""",
        group="documents",
        interval=_UNREAD,
        renamed=_PERSON_KEYS,
        codes={"status": (1, 100, 101)},
    ),
    _resource(
        "payment",
        """receiptNumber:int receiptPosition:int date:date/booked id cashRegisterNumber:int staffNumber:hash
        status:int amount:dec branchNumber:int customerNumber:hash currencyNumber invoiceDate:date
        number:int lastChange:ts isDeleted:bool""",
        group="documents",
        interval=_UNREAD,
        renamed=_PERSON_KEYS,
        codes={"status": (0, 100)},
    ),
    _resource(
        "credit",
        """amountRedeemed:dec branchNumber:int receiptNumber:int receiptPosition:int date:date id number:int
        status:int value:dec customerNumber:hash currencyNumber lastChange:ts isDeleted:bool""",
        group="documents",
        interval=_UNREAD,
        renamed=_PERSON_KEYS,
    ),
    _resource(
        "voucher",
        """amountRedeemed:dec id receiptNumber:int receiptPosition:int date:date number:int status:int
        voucherRedemptionDate:date type:int lastChange:ts isDeleted:bool branchNumber:int validUntil:date
        validFrom:date value:dec customerNumber:hash currencyNumber""",
        group="documents",
        interval=_UNREAD,
        dropped="internetCode note",
        renamed=_PERSON_KEYS,
        codes={"status": (0, 1)},
    ),
    _resource(
        "customer",
        """creationDate:date number:hash lastChange:ts isDeleted:bool inactiveFlag:bool id branchNumber:int
        isBusiness:bool isStaff:bool isLocked:bool countryNumber staffNumber:hash groupNumber:int
        customerType discountGroup:int discountPercent:dec hasCustomerCard:bool""",
        group="documents",
        interval=_UNREAD,
        dropped="""searchTerm personalSalutation name1 name2 name3 salutation revenue bonusValue loyalityPoints
        mergedInto customerCardPrintDate lastBonusSettlementDate directDebitAuthorization title
        isLockedForSelections bankCode signedDeclarationOfConsent email maritalStatus fax dateOfBirth
        dateOfBirthSignificantOther iban info1 info2 bankAccount gender mobilePhone subscriptionNewsletter
        subscriptionNewsletterConfirmationDate lastName city zipCode street bic telephone firstName
        subscriptionAdvertising selectionCriteria1 selectionCriteria2 selectionCriteria3 selectionCriteria4
        selectionCriteria5 selectionCriteria6 selectionCriteria7 selectionCriteria8 selectionCriteria9
        vatNumber declarationsOfConsent customerCard webshopUser webshopUserPassword poBox poBoxZipCode
        telephoneSecondary mobilePhoneSecondary bonusPercent familyNumber bonusType""",
        renamed={**_PERSON_KEYS, "number": "customer_key"},
        personal=True,
    ),
    _resource(
        "staff",
        "branchNumber:int isActive:bool id number:hash lastChange:ts isDeleted:bool",
        group="documents",
        interval=_UNREAD,
        dropped="""countryNumber salutation gender jobTitle imageName bankNumber personalEmail companyEmail fax
        dateOfBirth info bankAccount searchTerm mobilePhone lastName city personalSalutation zipCode street
        telephone firstName entryDate exitDate""",
        renamed={"number": "staff_key"},
        personal=True,
    ),
    _resource(
        "order",
        """number:int source:int created:ts supplierNumber:int supplierOrderId id merchantNumber:int
        overallDiscount:dec status:int type:int""",
        group="orders",
        dropped="info positions",
        table="purchase_order",
        cursor=None,
        tombstone=None,
    ),
    _resource(
        "order.positions",
        """id orderNumber:int articleNumber:int branchNumber:int sizeGroupNumber:int sizeGroupPosition:int
        size originalEAN:code purchasePrice:dec netPurchasePrice:dec ean:code isConsignment:bool
        deliveredAmount:dec/units orderAmount:dec/units backlogAmount:dec/units status:int salePrice:dec labelPrice:dec
        distributionStatus:int distributedAmount:dec/units expectedArrival:date lastChange:ts isDeleted:bool""",
        group="orders",
        table="purchase_order_position",
        child_of="order",
        child_field="positions",
        parent_key="order_id",
    ),
)

RESOURCES: dict[str, Resource] = {resource.name: resource for resource in _ALL}
"""Every declared resource by name, nested ones included, in the order they are read and loaded."""

CONTRACT = Contract("prohandel", RESOURCES, cursor=_CURSOR, tombstone=_TOMBSTONE)
